//! Payments after a restore of the database, and as other services' sources.

use runtime::Present;

use super::*;

const RAISED: u64 = 1_795_000_000_000;

fn subjects(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| event.subject().to_string()).collect()
}

#[test]
fn a_payment_in_progress_is_published_at_the_raised_version_and_others_stay_silent() {
    for (stage, payment) in stages() {
        let Decision { next, events } = payment.raise(RAISED, now());
        assert_eq!((next.version, next.status, &next.intent), (RAISED, payment.status, &payment.intent));
        let expected: &[&str] = match stage {
            "begun" | "asked" | "waiting" => &["payment.started"],
            "authorized" => &["payment.authorized"],
            _ => &[],
        };
        assert_eq!(subjects(&events), expected, "{stage}");
    }
}

/// The lost state may have created one, whose idempotency key Stripe has forgotten.
#[test]
fn a_restored_payment_searches_for_its_intent_before_it_creates_one() {
    let later = now().after(LEASE * 2);
    for (stage, payment) in stages() {
        let raised = payment.raise(RAISED, later).next;
        if raised.is_to_be_created() {
            let leased = raised.lease(RunWhen::Now, later).expect("due").next;
            assert!(leased.schedule.attempts > 1, "{stage}");
        } else {
            assert_eq!(raised.schedule, payment.schedule, "{stage}");
        }
    }
}

#[test]
fn a_payment_that_is_restored_from_its_intent_is_above_all_versions_of_the_lost_one() {
    let now = Time::from_millis(1_795_000_000_000);
    let restored = Payment::restore(Uuid::from_u128(9).into(), &order(), intent(), now).next;
    assert_eq!((restored.version, restored.intent), (RAISED, Some(intent())));
}

#[test]
fn a_payment_exports_every_event_that_led_to_its_state() {
    for (stage, payment) in stages() {
        let expected: &[&str] = match stage {
            "begun" | "asked" | "waiting" => &["payment.started"],
            "authorized" | "capturing" | "abandoning" | "capture-asked" => &["payment.authorized"],
            "captured" => &["payment.captured"],
            "failed" => &["payment.failed"],
            "voided" => &["payment.voided"],
            // Captured against the decision, so orders never knew of a capture.
            "refunded" => &["payment.refunded"],
            _ => &[],
        };
        assert_eq!(subjects(&payment.present().events), expected, "{stage}");
    }
    let sold = stages().into_iter().find(|(stage, _)| *stage == "capturing").expect("a stage").1;
    let captured = sold.on_intent_state(&succeeded(0), false, now()).expect("captured").next;
    let refunded = captured.on_intent_state(&succeeded(2500), false, now()).expect("refunded").next;
    assert_eq!(subjects(&refunded.present().events), ["payment.captured", "payment.refunded"]);
    let answered = Payment { last_poll: LastPoll::Answered, ..stages().swap_remove(1).1 };
    assert_eq!(subjects(&answered.present().events), ["payment.started", "payment.not-authorized"]);
}
