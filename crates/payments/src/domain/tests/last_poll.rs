//! The last poll of every stage.

use std::time::Duration;

use super::*;

const DECLINED: IntentState = IntentState::RequiresPaymentMethod(None);

fn authorized() -> IntentState {
    IntentState::RequiresCapture { authorized_at: Some(now()) }
}

/// The time of the last poll.
fn due() -> Time {
    now().after(LAST_POLL_DELAY)
}

/// The payments of every stage whose order's deadline has passed.
fn at_deadline() -> Vec<(&'static str, Payment)> {
    let passed = |(stage, payment): (&'static str, Payment)| {
        Some((stage, payment.on_deadline(now(), now())?.next))
            .filter(|(_, it)| it.last_poll == LastPoll::Due(due()))
    };
    stages().into_iter().filter_map(passed).collect()
}

/// The events and the time of the next poll.
fn polled(payment: &Payment, state: &IntentState, at: Time) -> (Vec<String>, Option<Time>) {
    let leased = payment.lease(RunWhen::Now, at).expect("a poll").next;
    let Decision { next, events } = leased.on_poll(state, at, false, at).expect("a change");
    assert!(events.iter().all(|event| match event {
        Event::PaymentAuthorized(it) | Event::PaymentNotAuthorized(it) => *it == next.snapshot(),
        _ => false,
    }));
    (events.iter().map(|event| event.subject().to_string()).collect(), next.schedule.due)
}

#[test]
fn a_deadline_schedules_the_last_poll_or_answers_at_once_if_nothing_can_be_authorized() {
    let answers: Vec<_> = stages()
        .iter()
        .filter_map(|(stage, payment)| {
            let Decision { next, events } = payment.on_deadline(now(), now())?;
            assert_eq!((next.version, next.status), (payment.version + 1, payment.status), "{stage}");
            assert!(next.on_deadline(now(), now()).is_none(), "{stage}: a redelivery changes nothing");
            Some((*stage, events.first().map(|event| event.subject().to_string()), next.last_poll))
        })
        .collect();
    let at_once = Some("payment.not-authorized".to_owned());
    assert_eq!(
        answers,
        [
            ("begun", at_once.clone(), LastPoll::Answered),
            ("asked", at_once.clone(), LastPoll::Answered),
            ("waiting", None, LastPoll::Due(due())),
            ("authorized", None, LastPoll::Due(due())),
            ("voided", at_once, LastPoll::Answered),
        ]
    );
}

#[test]
fn the_last_poll_answers_what_stripe_says() {
    for (stage, payment) in at_deadline() {
        let answer = polled(&payment, &authorized(), due()).0;
        assert_eq!(answer, ["payment.authorized"], "{stage}");
    }
    let [(_, waiting), _] = &at_deadline()[..] else { panic!("two stages are polled") };
    for state in [DECLINED, IntentState::RequiresAction] {
        assert_eq!(polled(waiting, &state, due()).0, ["payment.not-authorized"], "{state:?}");
    }
}

#[test]
fn a_poll_that_began_before_the_last_one_was_due_answers_nothing() {
    let [(_, waiting), _] = &at_deadline()[..] else { panic!("two stages are polled") };
    let early = due().before(Duration::from_millis(1));
    assert_eq!(polled(waiting, &DECLINED, early), (vec![], Some(due())));
    // The lease of a poll in flight at the deadline: its reply is committed, and the last poll follows.
    let leased = stages().remove(3).1.lease(RunWhen::Now, now()).expect("a poll").next;
    let passed = leased.on_deadline(now(), now()).expect("a change").next;
    let Decision { next, events } = passed.on_poll(&DECLINED, now(), false, due()).expect("a change");
    assert_eq!((events, next.last_poll), (vec![], LastPoll::Due(due())));
    let failed = passed.attempt_failed(&leased, false, None, now());
    assert!(failed.is_none(), "the last poll is due all the same");
}

#[test]
fn an_undecided_or_failed_last_poll_is_repeated_within_the_time_that_orders_waits() {
    let (_, mut payment) = at_deadline().remove(0);
    let mut delays = Vec::new();
    for _ in 0..9 {
        let at = payment.schedule.due.expect("a time");
        delays.push((at - now()).as_secs());
        let leased = payment.lease(RunWhen::Due, at).expect("it is due").next;
        let processed = leased.on_poll(&IntentState::Processing, at, false, at).expect("a change");
        let failed = leased.attempt_failed(&leased, false, None, at).expect("a change");
        assert_eq!(processed.next.schedule.due, failed.next.schedule.due);
        assert!(processed.events.is_empty() && processed.next.last_poll == payment.last_poll);
        payment = failed.next;
    }
    assert_eq!(delays, [2, 3, 5, 7, 9, 11, 13, 15, 75]);
}

#[test]
fn the_retry_after_of_stripe_precedes_the_last_poll() {
    let leased = stages().remove(3).1.lease(RunWhen::Now, now()).expect("a poll").next;
    let asked = Some(Duration::from_secs(7));
    let limited = leased.attempt_failed(&leased, false, asked, now()).expect("a change").next;
    let passed = limited.on_deadline(now(), now()).expect("a change").next;
    assert_eq!(passed.schedule.due, Some(now().after(Duration::from_secs(7))));
    assert!(passed.poll_soon(now()).is_none(), "a browser does not change that");
}

#[test]
fn a_browser_causes_a_poll_in_a_moment_and_no_more_than_one() {
    let changed: Vec<_> = stages()
        .iter()
        .filter_map(|(stage, payment)| {
            let next = payment.poll_soon(now())?.next;
            assert_eq!(next.schedule.due, Some(now().after(HINT_DELAY)), "{stage}");
            assert!(next.poll_soon(now().after(Duration::from_millis(100))).is_none(), "{stage}");
            Some(*stage)
        })
        .collect();
    assert_eq!(changed, ["waiting"]);
}

#[test]
fn a_payment_of_a_release_without_the_last_poll_can_be_read() {
    let mut json = serde_json::to_value(stages().remove(3).1).expect("JSON");
    let fields = json.as_object_mut().expect("a payment");
    assert!(fields.remove("last_poll").is_some());
    let payment: Payment = serde_json::from_value(json).expect("a payment");
    assert_eq!((payment.last_poll, payment.authorized_at), (LastPoll::NotDue, None));
}
