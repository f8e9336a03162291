//! The throttle of failed sign-ins, and the limits of sign-ups, of requested emails and of passkey challenges: counts that
//! all replicas share, in the database.

mod attempt_count;
mod origin;

use std::net::IpAddr;
use std::time::Duration;

use common::http::ClientAddress;
use common::{Time, UserId};
use futures::future::try_join_all;
use store::{Collection, CommitError, StoreError, UpdateError};
use uuid::Uuid;

use self::attempt_count::Rule;
use crate::Config;
use crate::domain::Email;
use crate::master_key::MasterKey;
use crate::passkeys::PasskeyChallenge;

pub(crate) use attempt_count::AttemptCount;
pub(crate) use origin::{Origin, SignUpAllowed};

/// The counts of attempts.
#[derive(Clone)]
pub(crate) struct Throttle {
    pub(crate) store: Collection<AttemptCount>,
    /// Names the counts, so that the database holds neither address.
    key: MasterKey,
    per_account: Rule,
    per_address: Rule,
    in_a_row: Rule,
    sign_ups: Rule,
    emails: Rule,
    challenges: Rule,
}

/// The counts of an attempt to sign in.
#[derive(Debug, Clone)]
pub(crate) struct Attempt(Vec<(Uuid, Rule)>);

/// The refusal of an attempt, with the delay after which the next one is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttled(pub(crate) Duration);

/// How long failures in a row for one account count after the last.
const IN_A_ROW_RETENTION: Duration = Duration::from_hours(7 * 24);
/// The window of the limits of sign-ups and of requested emails.
const REQUEST_WINDOW: Duration = Duration::from_hours(1);

fn network(address: IpAddr) -> String {
    ClientAddress(address).network().to_string()
}

impl Throttle {
    /// A throttle with these limits.
    pub(crate) fn new(store: Collection<AttemptCount>, key: MasterKey, config: &Config) -> Self {
        let max_delay = config.sign_in_window;
        let rule = |max_attempts, window| Rule { max_attempts, window, max_delay };
        let failures = |max: u16, window| rule(max.into(), window);
        Self {
            store,
            key,
            per_account: failures(config.sign_in_failures_per_account, config.sign_in_window),
            per_address: failures(config.sign_in_failures_per_address, config.sign_in_window),
            in_a_row: failures(config.sign_in_failures_in_a_row, IN_A_ROW_RETENTION),
            sign_ups: failures(config.max_sign_ups, REQUEST_WINDOW),
            emails: rule(config.max_emails as usize, REQUEST_WINDOW),
            challenges: failures(config.max_passkey_challenges, PasskeyChallenge::TIMEOUT),
        }
    }

    /// An attempt to sign in to the account of `email`, which belongs to `user` if it exists. A browser that has signed in
    /// to the account before has a count of its own: failures from elsewhere do not delay it.
    pub(crate) fn attempt(&self, email: &Email, user: Option<UserId>, origin: &Origin) -> Attempt {
        let (account, network) = (email.normalized(), network(origin.address));
        let known = origin.device.as_ref().filter(|device| user.is_some_and(|user| device.knows(user)));
        let name = |kind, values: &[&str]| self.key.name(kind, values);
        Attempt(match known {
            Some(device) => {
                vec![(name("account and device", &[&account, &device.id.to_string()]), self.per_account)]
            }
            None => vec![
                (name("account and address", &[&account, &network]), self.per_account),
                (name("account", &[&account]), self.in_a_row),
                (name("address", &[&network]), self.per_address),
            ],
        })
    }

    /// Checks whether an attempt is accepted now. A refused one extends no delay.
    pub(crate) async fn check(
        &self,
        attempt: &Attempt,
        now: Time,
    ) -> Result<Result<(), Throttled>, StoreError> {
        let counts = try_join_all(attempt.0.iter().map(|(id, _)| self.store.get(*id))).await?;
        let delay = counts.iter().flatten().filter_map(|count| count.closed_for(now)).max();
        Ok(delay.map_or(Ok(()), |delay| Err(Throttled(delay))))
    }

    /// Counts a failure: a wrong password, or an unknown account. Returns whether it closed a count.
    pub(crate) async fn failed(&self, attempt: Attempt, now: Time) -> Result<bool, CommitError> {
        let mut has_closed = false;
        for (id, rule) in attempt.0 {
            let fail = |stored: Option<&AttemptCount>| Some(AttemptCount::fail(stored, id, rule, now));
            let count = self.store.apply(id, fail).await?;
            has_closed |= count.is_some_and(|count| count.closed_for(now).is_some());
        }
        Ok(has_closed)
    }

    /// Resets the counts of the account; the one of the address alone stays, which is the last.
    pub(crate) async fn succeeded(&self, attempt: &Attempt) -> Result<(), StoreError> {
        let of_account = attempt.0.iter().take(2);
        for (id, _) in of_account {
            let Some(count) = self.store.get(*id).await? else { continue };
            match self.store.remove(&count).await {
                // A failure that was counted meanwhile stays.
                Ok(()) | Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Checks whether an address may sign up now, before the request's body is looked at.
    pub(crate) async fn may_sign_up(
        &self,
        from: IpAddr,
        now: Time,
    ) -> Result<Result<(), Throttled>, StoreError> {
        let count = self.store.get(self.sign_ups_of(from)).await?;
        let delay = count.and_then(|count| count.full_for(self.sign_ups, now));
        Ok(delay.map_or(Ok(()), |delay| Err(Throttled(delay))))
    }

    /// Counts a sign-up from an address.
    ///
    /// # Errors
    /// The limit is reached, or the database failed.
    pub(crate) async fn sign_up(&self, from: IpAddr, now: Time) -> Result<(), UpdateError<Throttled>> {
        self.admit(self.sign_ups_of(from), self.sign_ups, now).await
    }

    /// Counts a request for an email from an address.
    ///
    /// # Errors
    /// The limit is reached, or the database failed.
    pub(crate) async fn request_email(&self, from: IpAddr, now: Time) -> Result<(), UpdateError<Throttled>> {
        self.admit(self.key.name("emails", &[&network(from)]), self.emails, now).await
    }

    /// Counts a passkey challenge for an address. Each counts as long as it can be used.
    ///
    /// # Errors
    /// The limit is reached, or the database failed.
    pub(crate) async fn open_challenge_from(
        &self,
        from: IpAddr,
        now: Time,
    ) -> Result<(), UpdateError<Throttled>> {
        self.open_challenge(&network(from), now).await
    }

    /// Counts a passkey challenge for a user or a network.
    ///
    /// # Errors
    /// The limit is reached, or the database failed.
    pub(crate) async fn open_challenge(&self, by: &str, now: Time) -> Result<(), UpdateError<Throttled>> {
        self.admit(self.key.name("passkey challenges", &[by]), self.challenges, now).await
    }

    async fn admit(&self, id: Uuid, rule: Rule, now: Time) -> Result<(), UpdateError<Throttled>> {
        if rule.max_attempts == 0 {
            return Ok(());
        }
        let admit = |stored: Option<&AttemptCount>| {
            AttemptCount::admit(stored, id, rule, now).map(Some).map_err(Throttled)
        };
        self.store.update(id, admit).await.map(drop)
    }

    fn sign_ups_of(&self, from: IpAddr) -> Uuid {
        self.key.name("sign-ups", &[&network(from)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(address: &str) -> Origin {
        Origin::from(address.parse::<IpAddr>().expect("an address"))
    }

    fn throttle() -> (Throttle, Time) {
        let (_, context) = runtime::testing::context();
        let key = MasterKey::from_bytes([1; 32]);
        (Throttle::new(context.store.collection(), key, &Config::default()), context.clock.now())
    }

    async fn is_open(throttle: &Throttle, name: &str, address: &str, now: Time) -> bool {
        let email = Email::parse(&format!("{name}@example.com")).expect("an address");
        let attempt = throttle.attempt(&email, None, &origin(address));
        throttle.check(&attempt, now).await.expect("a database").is_ok()
    }

    async fn fail(throttle: &Throttle, name: &str, address: &str, times: usize, now: Time) {
        let email = Email::parse(&format!("{name}@example.com")).expect("an address");
        for _ in 0..times {
            throttle.failed(throttle.attempt(&email, None, &origin(address)), now).await.expect("counted");
        }
    }

    #[tokio::test]
    async fn a_right_password_clears_the_account_but_not_the_address() {
        let (throttle, now) = throttle();
        let email = Email::parse("ann@example.com").expect("an address");
        let ann = throttle.attempt(&email, None, &origin("192.0.2.1"));
        fail(&throttle, "ann", "192.0.2.1", 9, now).await;
        throttle.succeeded(&ann).await.expect("reset");
        fail(&throttle, "ann", "192.0.2.1", 9, now).await;
        assert!(is_open(&throttle, "ann", "192.0.2.1", now).await);
        for number in 0..82 {
            fail(&throttle, &format!("person{number}"), "192.0.2.1", 1, now).await;
        }
        throttle.succeeded(&ann).await.expect("reset");
        assert!(!is_open(&throttle, "ann", "192.0.2.1", now).await);
    }

    #[tokio::test]
    async fn spelling_and_neighboring_addresses_make_no_difference() {
        let (throttle, now) = throttle();
        fail(&throttle, "ANN", "2001:db8::1", 10, now).await;
        assert!(!is_open(&throttle, "ann", "2001:db8::ffff:2", now).await);
        assert!(is_open(&throttle, "ann", "2001:db8:0:1::1", now).await);
        fail(&throttle, "bob", "::ffff:192.0.2.1", 10, now).await;
        assert!(!is_open(&throttle, "bob", "192.0.2.1", now).await);
    }
}
