//! Slows down who guesses passwords, without ever locking the account for its owner elsewhere.

mod tally;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use common::Time;
use parking_lot::Mutex;

use self::tally::{Rule, Tally};
use crate::Config;
use crate::domain::Email;

/// Counts failed sign-ins by account and address together, and by address alone. It counts in memory: each replica
/// counts for itself, and a restart forgives.
pub(crate) struct Throttle {
    per_account: Rule,
    per_address: Rule,
    tallies: Mutex<HashMap<Key, Tally>>,
}

/// Whose failures are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String, IpAddr),
    Address(IpAddr),
}

/// Somebody who tries to sign in.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    account: Key,
    address: Key,
}

/// Too many sign-ins have failed: wait this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait(pub(crate) Duration);

impl Attempt {
    /// An attempt to sign in to the account of `email` from `address`.
    pub(crate) fn new(email: &Email, address: IpAddr) -> Self {
        let network = network(address);
        Self { account: Key::Account(email.claimed_as(), network), address: Key::Address(network) }
    }
}

/// Whoever has one IPv6 address has the 2⁶⁴ others of its network too.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

impl Throttle {
    /// The most tallies that are kept: some ten megabytes.
    const MOST_TALLIES: usize = 20_000;
    /// How many are dropped when there are too many: those that have been quiet longest.
    const MADE_ROOM: usize = Self::MOST_TALLIES / 10;

    /// A throttle with these limits.
    pub(crate) fn new(config: &Config) -> Self {
        let rule = |failures: u16| Rule { failures: failures.into(), window: config.sign_in_window };
        Self {
            per_account: rule(config.sign_in_failures_per_account),
            per_address: rule(config.sign_in_failures_per_address),
            tallies: Mutex::default(),
        }
    }

    /// Lets an attempt pass, or tells how long to wait; whoever does not wait, waits longer.
    pub(crate) fn admit(&self, attempt: &Attempt, now: Time) -> Result<(), Wait> {
        let mut tallies = self.tallies.lock();
        let mut wait = |key, rule| tallies.get_mut(key)?.refuse(rule, now);
        let longest = wait(&attempt.account, self.per_account).max(wait(&attempt.address, self.per_address));
        longest.map_or(Ok(()), |wait| Err(Wait(wait)))
    }

    /// The password was wrong, or there is no such account.
    pub(crate) fn failed(&self, attempt: Attempt, now: Time) {
        let mut tallies = self.tallies.lock();
        for (key, rule) in [(attempt.account, self.per_account), (attempt.address, self.per_address)] {
            if !tallies.contains_key(&key) {
                self.make_room(&mut tallies, now);
            }
            tallies.entry(key).or_default().fail(rule, now);
        }
    }

    /// The password was right: the account's failures from this address are forgotten, the address's others are not.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        self.tallies.lock().remove(&attempt.account);
    }

    fn make_room(&self, tallies: &mut HashMap<Key, Tally>, now: Time) {
        if tallies.len() < Self::MOST_TALLIES {
            return;
        }
        let window = self.per_account.window;
        tallies.retain(|_, tally| !tally.is_forgotten(window, now));
        // Many at a time, so that this long look is rare.
        let too_many = tallies.len().saturating_sub(Self::MOST_TALLIES - Self::MADE_ROOM);
        let mut quiet_since: Vec<_> = tallies.values().map(Tally::last_failure).collect();
        quiet_since.sort_unstable();
        let Some(quietest) = too_many.checked_sub(1).and_then(|last| quiet_since.get(last)) else { return };
        tallies.retain(|_, tally| tally.last_failure() > *quietest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    fn attempt(name: &str, address: &str) -> Attempt {
        let email = Email::parse(&format!("{name}@example.com")).expect("an address");
        Attempt::new(&email, address.parse().expect("an address"))
    }

    fn at(since_start: Duration) -> Time {
        Time::from_millis(1_000_000).after(since_start)
    }

    fn throttle() -> Throttle {
        Throttle::new(&Config::default())
    }

    fn fail(throttle: &Throttle, attempt: &Attempt, times: u32) {
        for _ in 0..times {
            throttle.failed(attempt.clone(), at(NOW));
        }
    }

    #[test]
    fn an_account_is_slowed_down_for_one_address_only() {
        let throttle = throttle();
        let (here, elsewhere) = (attempt("ann", "192.0.2.1"), attempt("ann", "192.0.2.2"));
        fail(&throttle, &here, 9);
        assert_eq!(throttle.admit(&here, at(NOW)), Ok(()));
        fail(&throttle, &here, 1);
        assert!(throttle.admit(&here, at(NOW)).is_err());
        assert_eq!(throttle.admit(&elsewhere, at(NOW)), Ok(()));
        assert_eq!(throttle.admit(&attempt("bob", "192.0.2.1"), at(NOW)), Ok(()));
    }

    #[test]
    fn an_address_is_slowed_down_for_every_account() {
        let throttle = throttle();
        for number in 0..100 {
            let guess = attempt(&format!("person{number}"), "192.0.2.1");
            assert_eq!(throttle.admit(&guess, at(NOW)), Ok(()), "{number}");
            fail(&throttle, &guess, 1);
        }
        assert!(throttle.admit(&attempt("ann", "192.0.2.1"), at(NOW)).is_err());
        assert_eq!(throttle.admit(&attempt("ann", "192.0.2.2"), at(NOW)), Ok(()));
    }

    #[test]
    fn a_right_password_clears_the_account_but_not_the_address() {
        let throttle = throttle();
        let ann = attempt("ann", "192.0.2.1");
        fail(&throttle, &ann, 9);
        throttle.succeeded(&ann);
        fail(&throttle, &ann, 9);
        assert_eq!(throttle.admit(&ann, at(NOW)), Ok(()));
        for number in 0..82 {
            fail(&throttle, &attempt(&format!("person{number}"), "192.0.2.1"), 1);
        }
        throttle.succeeded(&ann);
        assert!(throttle.admit(&ann, at(NOW)).is_err());
    }

    #[test]
    fn spelling_and_neighbouring_addresses_make_no_difference() {
        let throttle = throttle();
        fail(&throttle, &attempt("ANN", "2001:db8::1"), 10);
        assert!(throttle.admit(&attempt("ann", "2001:db8::ffff:2"), at(NOW)).is_err());
        assert_eq!(throttle.admit(&attempt("ann", "2001:db8:0:1::1"), at(NOW)), Ok(()));
        fail(&throttle, &attempt("bob", "::ffff:192.0.2.1"), 10);
        assert!(throttle.admit(&attempt("bob", "192.0.2.1"), at(NOW)).is_err());
    }

    #[test]
    fn the_number_of_tallies_is_bounded_and_the_quietest_go_first() {
        let throttle = throttle();
        let (old, busy) = (attempt("old", "192.0.2.1"), attempt("ann", "192.0.2.2"));
        fail(&throttle, &old, 10);
        let later = at(Duration::from_secs(1));
        for _ in 0..10 {
            throttle.failed(busy.clone(), later);
        }
        for number in 0..u32::try_from(Throttle::MOST_TALLIES).expect("a number") {
            let guess = attempt("ann", &std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).to_string());
            throttle.failed(guess, later.after(Duration::from_millis(number.into())));
            throttle.failed(busy.clone(), later.after(Duration::from_millis(number.into())));
        }
        let kept = throttle.tallies.lock().len();
        let full = Throttle::MOST_TALLIES - Throttle::MADE_ROOM..=Throttle::MOST_TALLIES;
        assert!(full.contains(&kept), "{kept}");
        let end = later.after(Duration::from_secs(20));
        assert_eq!(throttle.admit(&old, end), Ok(()));
        assert!(throttle.admit(&busy, end).is_err());
    }
}
