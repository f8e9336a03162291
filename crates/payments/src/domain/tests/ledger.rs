//! The books, refunds and disputes.

use common::event::DisputeStatus;

use super::*;

/// A random state of a `PaymentIntent`.
fn any_state(random: &mut impl FnMut(u64) -> u64) -> IntentState {
    match random(8) {
        0 => IntentState::RequiresPaymentMethod(None),
        1 => IntentState::RequiresCapture { authorized_at: None },
        2 => IntentState::Canceled,
        3 => IntentState::Processing,
        _ => {
            let dispute = match random(6) {
                0 => Some(DisputeStatus::Open),
                1 => Some(DisputeStatus::Won),
                2 => Some(DisputeStatus::Lost),
                _ => None,
            };
            let withdrawn = match dispute {
                Some(DisputeStatus::Open | DisputeStatus::Lost) => 1000,
                _ => 0,
            };
            let refunded = [0, 0, 700, 1500, 2500][usize::try_from(random(5)).expect("small")];
            let fees = i64::try_from(random(3)).expect("small") * 103;
            IntentState::Succeeded(MoneyTotals { taken: 2500, refunded, withdrawn, fees, dispute })
        }
    }
}

/// A random command.
fn anything(payment: &Payment, random: &mut impl FnMut(u64) -> u64) -> Option<Decision<Payment>> {
    match random(10) {
        9 => payment.refund_refused(now()),
        0 => payment.lease(RunWhen::Now, now()),
        1 => payment.adopt(intent(), now()),
        2 => payment.on_order_accepted(now()),
        3 if random(4) == 0 => payment.on_order_cancelled(now()),
        4 => payment.capture_refused(error("card_declined"), now()),
        5 => payment.refund(now()).ok().flatten(),
        6 => payment.nothing_was_created(now()),
        _ => payment.on_intent_state(&any_state(random), random(8) == 0, now()),
    }
}

/// In any sequence of changes each entry balances, entries are only appended, and the books agree with the state: the
/// account `stripe` is what Stripe reported to hold.
#[test]
fn the_books_balance_and_explain_what_stripe_holds_whatever_happens() {
    let mut entries = 0;
    for seed in 1_u64..=2_000 {
        let mut state = seed;
        // Knuth's generator for 64 bits; its high bits are random enough.
        let mut random = |sides: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % sides
        };
        let mut payment = Payment::begin(Uuid::from_u128(9).into(), &order(), now()).next;
        for step in 0..60 {
            let Some(Decision { next, .. }) = anything(&payment, &mut random) else { continue };
            let trace = format!("seed {seed}, step {step}: {:?} to {:?}", payment.status, next.status);
            assert!(next.ledger.starts_with(&payment.ledger), "{trace}: the past was changed");
            for entry in &next.ledger[payment.ledger.len()..] {
                let sum: i64 = entry.postings.iter().map(|posting| posting.amount).sum();
                assert_eq!((sum, entry.version), (0, next.version), "{trace}: {entry:?}");
                assert!(entry.postings.len() >= 2, "{trace}: {entry:?}");
            }
            assert_eq!(next.balances(), next.position(), "{trace}: the books differ from the state");
            let held = next.balances().get(&Account::Stripe).copied().unwrap_or(0);
            assert_eq!(held, next.totals.held(), "{trace}");
            payment = next;
        }
        entries += payment.ledger.len();
    }
    assert!(entries > 2_000, "money hardly ever moved: {entries}");
}

#[test]
fn a_sale_that_is_refunded_leaves_nothing_owed() {
    let mut capturing = stages().remove(6).1;
    capturing.status = PaymentStatus::Capturing;
    let seller = Account::Seller(capturing.seller_id);
    let captured = capturing.on_intent_state(&succeeded(0), false, now()).expect("a capture").next;
    assert_eq!(captured.balances(), [(Account::Stripe, 2500), (seller, -2500)].into());
    let refunding = captured.refund(now()).expect("it may").expect("it is new").next;
    let buyer = Account::Buyer(refunding.buyer_id);
    assert_eq!(refunding.balances(), [(Account::Stripe, 2500), (buyer, -2500)].into());
    let refunded = refunding.on_intent_state(&succeeded(2500), false, now()).expect("it went back").next;
    assert_eq!((refunded.status, refunded.balances()), (PaymentStatus::Refunded, [].into()));
    assert_eq!(refunded.ledger.len(), 3);
}

#[test]
fn a_refund_that_the_bank_does_not_take_waits_for_a_person_and_is_another_one_the_next_time() {
    let refunded = Payment {
        totals: MoneyTotals { taken: 2500, refunded: 2500, ..MoneyTotals::default() },
        ..stages().remove(13).1
    };
    let failed = refunded.on_intent_state(&succeeded(0), true, now()).expect("a change").next;
    assert_eq!((failed.status, failed.schedule.due), (PaymentStatus::Refunding, None));
    let again = failed.refund(now()).expect("it may").expect("it is new").next;
    assert!(again.schedule.due.is_some());
    assert_ne!(again.idempotency_key("refund"), refunded.idempotency_key("refund"));
}

#[test]
fn what_a_bank_has_withdrawn_is_not_given_back_a_second_time() {
    let captured = stages().remove(10).1;
    let disputed = |status, withdrawn| {
        let totals = MoneyTotals { taken: 2500, withdrawn, dispute: Some(status), ..MoneyTotals::default() };
        captured.on_intent_state(&IntentState::Succeeded(totals), false, now()).expect("a change")
    };
    for (status, withdrawn, seller_gets) in
        [(DisputeStatus::Open, 2500, 2500), (DisputeStatus::Lost, 2500, 0), (DisputeStatus::Won, 0, 2500)]
    {
        let Decision { next, events } = disputed(status, withdrawn);
        assert!(
            matches!(&events[..], [Event::PaymentDisputed(event)] if event.dispute == Some(status.into()))
        );
        assert_eq!(next.refund(now()).is_err(), status != DisputeStatus::Won);
        let owed = next.balances().get(&Account::Seller(next.seller_id)).copied().unwrap_or(0);
        assert_eq!(owed, -seller_gets, "{status:?}");
    }
}
