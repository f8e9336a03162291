//! Refunds and disputes after the sale: by the operator, at Stripe, or by the buyer's bank.

use std::sync::Arc;
use std::time::Duration;

use common::event::{DisputeStatus, OrderSnapshot, OrderStatus, PaymentStatus, Subject};
use common::{Event, OrderId, SharedClock};
use payments::domain::{Account, Payment};
use payments::{RefundError, RefundStarted};
use serde_json::Value;

use crate::app::{PRICE, TestApp, VISA, intent_of};

const REFUND_FAILS: &str = "4000000000005126";

/// A sale: the order is complete and the money captured.
pub(crate) async fn sold(card: &str) -> (TestApp, OrderSnapshot, Value) {
    let app = TestApp::start().await;
    let (order, begun) = app.sell(card).await;
    (app, order, begun)
}

impl TestApp {
    /// Sells in an app that is running.
    pub(crate) async fn sell(&self, card: &str) -> (OrderSnapshot, Value) {
        let (order, begun) = self.begin().await;
        assert_eq!(self.confirm(&begun, card).await, 200);
        self.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
        self.deliver_order(&order, OrderStatus::Paying, 3).await;
        assert_eq!(self.status(&order).await, "captured");
        self.deliver_order(&order, OrderStatus::Complete, 4).await;
        self.published().await;
        (order, begun)
    }

    async fn refund(&self, order: OrderId) -> Result<RefundStarted, RefundError> {
        let clock: SharedClock = Arc::new(self.service.clock.clone());
        payments::refund(&self.service.context.store, &clock, order).await
    }

    /// Asserts that the books of this payment match Stripe's balance.
    pub(crate) async fn assert_books_match_stripe(&self, begun: &Value) -> Payment {
        let payment = self.stored(begun).await;
        let held = payment.balances().get(&Account::Stripe).copied().unwrap_or(0);
        let balance = self.sim.balance_total(PRICE.currency).await.expect("a balance");
        assert_eq!(held, balance.amount, "{:?}", payment.ledger);
        assert_eq!(payment.balances().values().sum::<i64>(), 0);
        payment
    }

    pub(crate) async fn post_capture_webhook(&self, kind: &str, begun: &Value) -> u16 {
        let event = serde_json::json!({
            "id": "evt_1", "object": "event", "type": kind,
            "data": { "object": { "id": "re_1", "payment_intent": intent_of(begun) } },
        });
        self.signed("whsec_sim", &event.to_string(), 0).await.status
    }

    pub(crate) async fn at_stripe(&self, path: &str, form: String) -> Value {
        let (status, reply) = self.call_stripe(path, "sk_test_sim", form).await;
        assert_eq!(status, 200, "{reply}");
        reply
    }
}

#[tokio::test]
async fn the_operator_gives_the_money_back_once() {
    let (app, order, begun) = sold(VISA).await;
    assert_eq!(app.refund(order.id).await.expect("it may"), RefundStarted::Now(PRICE));
    assert_eq!(app.refund(order.id).await.expect("again"), RefundStarted::Before(PRICE));
    app.advance(Duration::from_secs(6)).await;
    assert_eq!(app.status(&order).await, "refunded");
    assert_eq!(app.refunded().await, PRICE.amount);
    assert_eq!(app.refund(order.id).await.expect("again"), RefundStarted::Done(PRICE));
    assert_eq!(app.published().await, [Subject::PaymentRefunded]);
    app.assert_books_match_stripe(&begun).await;
}

#[tokio::test]
async fn only_money_that_was_taken_can_go_back() {
    let (app, order, _) = TestApp::with_payment().await;
    let refused = app.refund(order.id).await.expect_err("nothing was taken");
    assert!(matches!(refused, RefundError::Refused(_)), "{refused}");
    let unknown = app.refund(app.service.context.ids.next()).await.expect_err("no such order");
    assert!(matches!(unknown, RefundError::NoPayment(_)), "{unknown}");
    assert_eq!(app.status(&order).await, "requires-payment");
}

#[tokio::test]
async fn a_refund_that_is_begun_survives_the_process() {
    let (mut app, order, begun) = sold(VISA).await;
    app.stop_stripe().await;
    app.refund(order.id).await.expect("the command needs no service");
    app.advance(Duration::from_secs(6)).await;
    let mut app = app.restart().await;
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::Refunding);
    app.start_stripe().await;
    app.advance(crate::app::LONG).await;
    assert_eq!(app.stored(&begun).await.status, PaymentStatus::Refunded);
    app.assert_books_match_stripe(&begun).await;
}

#[tokio::test]
async fn money_that_was_given_back_at_stripe_is_booked_and_announced() {
    let (app, order, begun) = sold(VISA).await;
    for (amount, status) in [(500, "captured"), (2000, "refunded")] {
        let form = format!("payment_intent={}&amount={amount}", intent_of(&begun));
        app.at_stripe("/v1/refunds", form).await;
        for _ in 0..2 {
            assert_eq!(app.post_capture_webhook("charge.refunded", &begun).await, 200);
        }
        assert_eq!(app.status(&order).await, status);
        let published = app.service.published().await;
        assert_eq!(published.len(), 1, "{published:?}");
        let Event::PaymentRefunded(refunded) = &published[0].event else { panic!("{published:?}") };
        assert_eq!(refunded.refunded.map(|money| money.amount), Some(app.refunded().await));
        app.assert_books_match_stripe(&begun).await;
    }
}

#[tokio::test]
async fn a_refund_that_the_bank_does_not_take_is_noticed_and_can_be_repeated() {
    let (app, order, begun) = sold(REFUND_FAILS).await;
    app.refund(order.id).await.expect("it may");
    app.advance(Duration::from_secs(6)).await;
    assert_eq!(app.status(&order).await, "refunded");
    app.advance(Duration::from_secs(6)).await;
    app.settle_stripe().await;
    assert_eq!(app.post_capture_webhook("refund.failed", &begun).await, 200);
    assert_eq!(app.status(&order).await, "refunding");
    let payment = app.assert_books_match_stripe(&begun).await;
    assert_eq!((payment.failed_refunds, payment.schedule.due), (1, None), "left to the operator");
    assert_eq!(app.refund(order.id).await.expect("once more"), RefundStarted::Now(PRICE));
    app.advance(Duration::from_secs(6)).await;
    assert_eq!(app.status(&order).await, "refunded");
}

#[tokio::test]
async fn a_refund_that_failed_before_its_reply_arrived_waits_for_a_person() {
    let (mut app, order, begun) = sold(REFUND_FAILS).await;
    app.stop_stripe().await;
    app.refund(order.id).await.expect("it may");
    app.advance(Duration::from_secs(6)).await;
    // A process crashes between the call that refunds and its reply; then the refund fails at the bank.
    app.crash_during_the_next_step(&begun).await;
    let key = app.stored(&begun).await.idempotency_key("refund");
    let form = format!("payment_intent={}", intent_of(&begun));
    assert_eq!(app.call_stripe_under(Some(&key), "/v1/refunds", "sk_test_sim", form).await.0, 200);
    app.start_stripe().await;
    app.service.clock.advance(Duration::from_secs(6));
    app.settle_stripe().await;
    for _ in 0..3 {
        app.advance(crate::app::LONG).await;
    }
    let payment = app.assert_books_match_stripe(&begun).await;
    assert_eq!((payment.status, payment.schedule.due), (PaymentStatus::Refunding, None), "no retry");
    assert_eq!((payment.failed_refunds, app.refunded().await), (1, 0));
    assert_eq!(app.refund(order.id).await.expect("once more"), RefundStarted::Now(PRICE));
    app.advance(Duration::from_secs(6)).await;
    assert_eq!(app.status(&order).await, "refunded");
}

#[tokio::test]
async fn a_dispute_is_booked_and_announced_from_its_beginning_to_its_end() {
    for (decision, end) in [("win", DisputeStatus::Won), ("lose", DisputeStatus::Lost)] {
        let (app, order, begun) = sold(VISA).await;
        let dispute = app.dispute(&begun).await;
        assert_eq!(app.post_capture_webhook("charge.dispute.created", &begun).await, 200);
        assert_eq!(app.published().await, [Subject::PaymentDisputed]);
        let payment = app.assert_books_match_stripe(&begun).await;
        assert_eq!(payment.balances().get(&Account::Disputes), Some(&PRICE.amount));
        assert!(app.refund(order.id).await.is_err(), "the bank has the money");

        app.at_stripe(&format!("/sim/disputes/{dispute}/{decision}"), String::new()).await;
        assert_eq!(app.post_capture_webhook("charge.dispute.closed", &begun).await, 200);
        let payment = app.assert_books_match_stripe(&begun).await;
        assert_eq!(payment.totals.dispute, Some(end));
        assert_eq!(app.published().await, [Subject::PaymentDisputed]);
    }
}

#[tokio::test]
async fn a_refund_of_money_that_a_bank_has_withdrawn_meanwhile_waits_for_a_person() {
    let (mut app, order, begun) = sold(VISA).await;
    app.stop_stripe().await;
    app.refund(order.id).await.expect("the dispute is not known yet");
    app.advance(Duration::from_secs(6)).await;
    let dispute = app.dispute(&begun).await;
    app.start_stripe().await;
    for _ in 0..3 {
        app.advance(crate::app::LONG).await;
    }
    let payment = app.assert_books_match_stripe(&begun).await;
    assert_eq!((payment.status, payment.schedule.due), (PaymentStatus::Refunding, None), "no retry");
    assert_eq!((payment.failed_refunds, payment.totals.dispute), (1, Some(DisputeStatus::Open)));
    assert_eq!(app.published().await, [Subject::PaymentDisputed]);

    app.at_stripe(&format!("/sim/disputes/{dispute}/win"), String::new()).await;
    assert_eq!(app.post_capture_webhook("charge.dispute.closed", &begun).await, 200);
    assert_eq!(app.refund(order.id).await.expect("once more"), RefundStarted::Now(PRICE));
    app.advance(Duration::from_secs(6)).await;
    assert_eq!((app.status(&order).await.as_str(), app.refunded().await), ("refunded", PRICE.amount));
    app.assert_books_match_stripe(&begun).await;
}

#[tokio::test]
async fn news_of_money_that_cannot_be_polled_is_sent_again() {
    let (mut app, _, begun) = sold(VISA).await;
    app.stop_stripe().await;
    assert_eq!(app.post_capture_webhook("charge.refunded", &begun).await, 503, "nothing is durable yet");
}
