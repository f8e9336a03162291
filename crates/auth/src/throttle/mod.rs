//! The throttle of failed sign-ins: delays attackers, without ever locking an account for its owner elsewhere.

mod failure_window;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use common::Time;
use parking_lot::Mutex;

use self::failure_window::{FailureWindow, Rule};
use crate::Config;
use crate::domain::Email;

/// The counters of failed sign-ins: by account and IP address together, and by IP address alone. They are in memory, so
/// each replica counts by itself, and a restart resets them.
pub(crate) struct Throttle {
    per_account: Rule,
    per_address: Rule,
    counters: Mutex<HashMap<Key, FailureWindow>>,
}

/// The key of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String, IpAddr),
    Address(IpAddr),
}

/// The counters of an attempt to sign in.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    account: Key,
    address: Key,
}

/// The refusal of an attempt, with the delay after which the next one is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Throttled(pub(crate) Duration);

impl Attempt {
    /// An attempt to sign in to the account of `email` from `address`.
    pub(crate) fn new(email: &Email, address: IpAddr) -> Self {
        let network = network(address);
        Self { account: Key::Account(email.normalized(), network), address: Key::Address(network) }
    }
}

/// The /64 network of an IPv6 address: its user has all addresses of the network.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

impl Throttle {
    /// The largest number of counters: some ten megabytes.
    const MAX_COUNTERS: usize = 20_000;
    /// The number of counters that are evicted at once, those with the oldest failures first: many, so that the scan is
    /// rare.
    const EVICTED: usize = Self::MAX_COUNTERS / 10;

    /// A throttle with these limits.
    pub(crate) fn new(config: &Config) -> Self {
        let rule =
            |max_failures: u16| Rule { max_failures: max_failures.into(), window: config.sign_in_window };
        Self {
            per_account: rule(config.sign_in_failures_per_account),
            per_address: rule(config.sign_in_failures_per_address),
            counters: Mutex::default(),
        }
    }

    /// Checks whether an attempt is accepted now.
    ///
    /// # Errors
    /// The attempt is premature, which lengthens the delay of the next one.
    pub(crate) fn check(&self, attempt: &Attempt, now: Time) -> Result<(), Throttled> {
        let mut counters = self.counters.lock();
        let mut delay = |key, rule| counters.get_mut(key)?.refuse(rule, now);
        let delay = delay(&attempt.account, self.per_account).max(delay(&attempt.address, self.per_address));
        delay.map_or(Ok(()), |delay| Err(Throttled(delay)))
    }

    /// Counts a failure: a wrong password, or an unknown account.
    pub(crate) fn failed(&self, attempt: Attempt, now: Time) {
        let mut counters = self.counters.lock();
        for (key, rule) in [(attempt.account, self.per_account), (attempt.address, self.per_address)] {
            if !counters.contains_key(&key) {
                self.evict(&mut counters, now);
            }
            counters.entry(key).or_default().fail(rule, now);
        }
    }

    /// Resets the counter of the account from this IP address; the one of the address alone stays.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        self.counters.lock().remove(&attempt.account);
    }

    fn evict(&self, counters: &mut HashMap<Key, FailureWindow>, now: Time) {
        if counters.len() < Self::MAX_COUNTERS {
            return;
        }
        let window = self.per_account.window;
        counters.retain(|_, counter| !counter.has_expired(window, now));
        let too_many = counters.len().saturating_sub(Self::MAX_COUNTERS - Self::EVICTED);
        let mut last_failures: Vec<_> = counters.values().map(FailureWindow::last_failure).collect();
        last_failures.sort_unstable();
        let Some(oldest) = too_many.checked_sub(1).and_then(|last| last_failures.get(last)) else { return };
        counters.retain(|_, counter| counter.last_failure() > *oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(name: &str, address: &str) -> Attempt {
        let email = Email::parse(&format!("{name}@example.com")).expect("an address");
        Attempt::new(&email, address.parse().expect("an address"))
    }

    fn start() -> Time {
        Time::from_millis(1_000_000)
    }

    fn throttle() -> Throttle {
        Throttle::new(&Config::default())
    }

    fn fail(throttle: &Throttle, attempt: &Attempt, times: u32) {
        for _ in 0..times {
            throttle.failed(attempt.clone(), start());
        }
    }

    #[test]
    fn an_account_is_slowed_down_for_one_address_only() {
        let throttle = throttle();
        let (here, elsewhere) = (attempt("ann", "192.0.2.1"), attempt("ann", "192.0.2.2"));
        fail(&throttle, &here, 9);
        assert_eq!(throttle.check(&here, start()), Ok(()));
        fail(&throttle, &here, 1);
        assert!(throttle.check(&here, start()).is_err());
        assert_eq!(throttle.check(&elsewhere, start()), Ok(()));
        assert_eq!(throttle.check(&attempt("bob", "192.0.2.1"), start()), Ok(()));
    }

    #[test]
    fn an_address_is_slowed_down_for_every_account() {
        let throttle = throttle();
        for number in 0..100 {
            let guess = attempt(&format!("person{number}"), "192.0.2.1");
            assert_eq!(throttle.check(&guess, start()), Ok(()), "{number}");
            fail(&throttle, &guess, 1);
        }
        assert!(throttle.check(&attempt("ann", "192.0.2.1"), start()).is_err());
        assert_eq!(throttle.check(&attempt("ann", "192.0.2.2"), start()), Ok(()));
    }

    #[test]
    fn a_right_password_clears_the_account_but_not_the_address() {
        let throttle = throttle();
        let ann = attempt("ann", "192.0.2.1");
        fail(&throttle, &ann, 9);
        throttle.succeeded(&ann);
        fail(&throttle, &ann, 9);
        assert_eq!(throttle.check(&ann, start()), Ok(()));
        for number in 0..82 {
            fail(&throttle, &attempt(&format!("person{number}"), "192.0.2.1"), 1);
        }
        throttle.succeeded(&ann);
        assert!(throttle.check(&ann, start()).is_err());
    }

    #[test]
    fn spelling_and_neighbouring_addresses_make_no_difference() {
        let throttle = throttle();
        fail(&throttle, &attempt("ANN", "2001:db8::1"), 10);
        assert!(throttle.check(&attempt("ann", "2001:db8::ffff:2"), start()).is_err());
        assert_eq!(throttle.check(&attempt("ann", "2001:db8:0:1::1"), start()), Ok(()));
        fail(&throttle, &attempt("bob", "::ffff:192.0.2.1"), 10);
        assert!(throttle.check(&attempt("bob", "192.0.2.1"), start()).is_err());
    }

    #[test]
    fn the_number_of_counters_is_bounded_and_the_oldest_are_evicted_first() {
        let throttle = throttle();
        let (old, busy) = (attempt("old", "192.0.2.1"), attempt("ann", "192.0.2.2"));
        fail(&throttle, &old, 10);
        let later = start().after(Duration::from_secs(1));
        for _ in 0..10 {
            throttle.failed(busy.clone(), later);
        }
        for number in 0..u32::try_from(Throttle::MAX_COUNTERS).expect("a number") {
            let guess = attempt("ann", &std::net::Ipv4Addr::from_bits(0x0a00_0000 + number).to_string());
            throttle.failed(guess, later.after(Duration::from_millis(number.into())));
            throttle.failed(busy.clone(), later.after(Duration::from_millis(number.into())));
        }
        let kept = throttle.counters.lock().len();
        let full = Throttle::MAX_COUNTERS - Throttle::EVICTED..=Throttle::MAX_COUNTERS;
        assert!(full.contains(&kept), "{kept}");
        let end = later.after(Duration::from_secs(20));
        assert_eq!(throttle.check(&old, end), Ok(()));
        assert!(throttle.check(&busy, end).is_err());
    }
}
