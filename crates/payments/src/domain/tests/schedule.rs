//! Leases, retries and polls.

use std::time::Duration;

use super::*;

#[test]
fn a_leased_step_is_left_to_its_process_until_the_lease_ends() {
    let [begun, asked, waiting] = [1, 2, 3].map(|index| stages().remove(index).1);
    assert!(begun.lease(RunWhen::Now, now()).is_some());
    assert!(asked.lease(RunWhen::Now, now()).is_none(), "another process has the lease");
    assert!(asked.lease(RunWhen::Now, now().after(LEASE)).is_some(), "the lease has ended");
    assert!(waiting.lease(RunWhen::Due, now()).is_none(), "the poll is not due");
    assert!(waiting.lease(RunWhen::Now, now()).is_some(), "there was a hint");
}

#[test]
fn a_failed_attempt_is_retried_after_growing_delays() {
    let mut payment = stages().remove(1).1;
    let mut delays = Vec::new();
    for _ in 0..8 {
        let leased = payment.lease(RunWhen::Now, now()).expect("an attempt").next;
        payment = leased.attempt_failed(&leased, false, None, now()).expect("a failure").next;
        delays.push((payment.schedule.due.expect("a time") - now()).as_secs());
        assert_eq!(payment.idempotency_key("create"), format!("{}-create", payment.id), "the key stays");
    }
    assert_eq!(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_longer_delay_is_made_if_stripe_asks_for_it() {
    let payment = stages().remove(1).1;
    let leased = payment.lease(RunWhen::Now, now()).expect("an attempt").next;
    for (asked, seconds) in [(0, 1), (7, 7), (86_400, 900)] {
        let asked = Some(Duration::from_secs(asked));
        let failed = leased.attempt_failed(&leased, false, asked, now()).expect("a failure").next;
        assert_eq!((failed.schedule.due.expect("a time") - now()).as_secs(), seconds, "{asked:?}");
    }
}

#[test]
fn a_key_under_which_an_error_is_kept_is_not_used_again() {
    let leased = stages().remove(2).1;
    let failed = leased.attempt_failed(&leased, true, None, now()).expect("a failure").next;
    assert_eq!(failed.idempotency_key("create"), format!("{}-create-1", failed.id));
    assert!(failed.attempt_failed(&leased, true, None, now()).is_none(), "the same failure counts once");
}

#[test]
fn polls_become_rarer_until_something_happens() {
    let mut payment = stages().remove(3).1;
    let mut delays = Vec::new();
    for _ in 0..6 {
        let due = payment.schedule.due.expect("a time");
        payment = payment.lease(RunWhen::Due, due).expect("it is due").next;
        payment = payment.on_intent_state(&IntentState::Processing, false, due).expect("another poll").next;
        delays.push((payment.schedule.due.expect("a time") - due).as_secs());
    }
    assert_eq!(delays, [6, 12, 24, 48, 60, 60]);
    let hinted = payment.hinted(now()).expect("a poll at once");
    let seen = hinted.on_intent_state(&IntentState::Processing, false, now()).expect("another poll").next;
    assert_eq!(seen.schedule.due, Some(now().after(Duration::from_secs(6))));
}

#[test]
fn a_failed_poll_without_a_lease_is_retried_unless_the_payment_has_changed() {
    let waiting = stages().remove(3).1;
    let hinted = waiting.hinted(now()).expect("a poll at once");
    let failed =
        waiting.attempt_failed(&hinted, false, Some(Duration::from_secs(20)), now()).expect("a retry").next;
    assert_eq!(failed.schedule.due, Some(now().after(Duration::from_secs(20))));
    assert!(failed.hinted(now()).is_none(), "Stripe asked for a pause");
    assert!(failed.attempt_failed(&hinted, false, None, now()).is_none(), "the same failure counts once");
}
