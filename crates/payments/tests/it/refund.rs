//! The money goes back after the sale: by the operator, by somebody at Stripe, or by the buyer's bank.

use std::sync::Arc;
use std::time::Duration;

use common::event::{DisputeStatus, OrderSnapshot, OrderStatus, PaymentStatus, Subject};
use common::{Event, OrderId, SharedClock};
use payments::domain::{Account, Payment};
use payments::{RefundError, RefundStarted};
use serde_json::Value;

use crate::world::{PRICE, VISA, World, intent_of};

const REFUND_FAILS: &str = "4000000000005126";

/// A sale: the order is complete and the money captured.
pub(crate) async fn sold(card: &str) -> (World, OrderSnapshot, Value) {
    let world = World::start().await;
    let (order, begun) = world.sells(card).await;
    (world, order, begun)
}

impl World {
    /// The same in a world that is there.
    pub(crate) async fn sells(&self, card: &str) -> (OrderSnapshot, Value) {
        let (order, begun) = self.begun().await;
        assert_eq!(self.confirm(&begun, card).await, 200);
        self.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
        self.hear(&order, OrderStatus::Paying, 3).await;
        assert_eq!(self.status(&order).await, "captured");
        self.hear(&order, OrderStatus::Complete, 4).await;
        self.announced().await;
        (order, begun)
    }

    async fn refund(&self, order: OrderId) -> Result<RefundStarted, RefundError> {
        let clock: SharedClock = Arc::new(self.service.clock.clone());
        payments::refund(&self.service.context.store, &clock, order).await
    }

    /// Whatever Stripe holds, the books of this payment explain.
    pub(crate) async fn books_explain_stripe(&self, begun: &Value) -> Payment {
        let payment = self.stored(begun).await;
        let held = payment.balances().get(&Account::Stripe).copied().unwrap_or(0);
        let balance = self.sim.balance_total(PRICE.currency).await.expect("a balance");
        assert_eq!(held, balance.amount, "{:?}", payment.ledger);
        assert_eq!(payment.balances().values().sum::<i64>(), 0);
        payment
    }

    pub(crate) async fn after_event(&self, kind: &str, begun: &Value) -> u16 {
        let event = serde_json::json!({
            "id": "evt_1", "object": "event", "type": kind,
            "data": { "object": { "id": "re_1", "payment_intent": intent_of(begun) } },
        });
        self.signed("whsec_sim", &event.to_string(), 0).await.status
    }

    pub(crate) async fn at_stripe(&self, path: &str, form: String) -> Value {
        let (status, reply) = self.ask_stripe(path, "sk_test_sim", form).await;
        assert_eq!(status, 200, "{reply}");
        reply
    }
}

#[tokio::test]
async fn the_operator_gives_the_money_back_once() {
    let (world, order, begun) = sold(VISA).await;
    assert_eq!(world.refund(order.id).await.expect("it may"), RefundStarted::Now(PRICE));
    assert_eq!(world.refund(order.id).await.expect("again"), RefundStarted::Before(PRICE));
    world.pass(Duration::from_secs(6)).await;
    assert_eq!(world.status(&order).await, "refunded");
    assert_eq!(world.refunded().await, PRICE.amount);
    assert_eq!(world.refund(order.id).await.expect("again"), RefundStarted::Done(PRICE));
    assert_eq!(world.announced().await, [Subject::PaymentRefunded]);
    world.books_explain_stripe(&begun).await;
}

#[tokio::test]
async fn only_money_that_was_taken_can_go_back() {
    let (world, order, _) = World::with_payment().await;
    let refused = world.refund(order.id).await.expect_err("nothing was taken");
    assert!(matches!(refused, RefundError::Refused(_)), "{refused}");
    let unknown = world.refund(world.service.context.ids.next()).await.expect_err("no such order");
    assert!(matches!(unknown, RefundError::NoPayment(_)), "{unknown}");
    assert_eq!(world.status(&order).await, "requires-payment");
}

#[tokio::test]
async fn a_refund_that_is_begun_survives_the_process() {
    let (mut world, order, begun) = sold(VISA).await;
    world.stripe_goes_away().await;
    world.refund(order.id).await.expect("the intention needs nobody");
    world.pass(Duration::from_secs(6)).await;
    let mut world = world.restart().await;
    assert_eq!(world.stored(&begun).await.status, PaymentStatus::Refunding);
    world.stripe_comes_back().await;
    world.pass(crate::world::LONG).await;
    assert_eq!(world.stored(&begun).await.status, PaymentStatus::Refunded);
    world.books_explain_stripe(&begun).await;
}

#[tokio::test]
async fn money_that_was_given_back_at_stripe_is_booked_and_announced() {
    let (world, order, begun) = sold(VISA).await;
    for (amount, status) in [(500, "captured"), (2000, "refunded")] {
        let form = format!("payment_intent={}&amount={amount}", intent_of(&begun));
        world.at_stripe("/v1/refunds", form).await;
        for _ in 0..2 {
            assert_eq!(world.after_event("charge.refunded", &begun).await, 200);
        }
        assert_eq!(world.status(&order).await, status);
        let told = world.service.announced().await;
        assert_eq!(told.len(), 1, "{told:?}");
        let Event::PaymentRefunded(told) = &told[0].event else { panic!("{told:?}") };
        assert_eq!(told.refunded.map(|money| money.amount), Some(world.refunded().await));
        world.books_explain_stripe(&begun).await;
    }
}

#[tokio::test]
async fn a_refund_that_the_bank_does_not_take_is_noticed_and_can_be_repeated() {
    let (world, order, begun) = sold(REFUND_FAILS).await;
    world.refund(order.id).await.expect("it may");
    world.pass(Duration::from_secs(6)).await;
    assert_eq!(world.status(&order).await, "refunded");
    world.pass(Duration::from_secs(6)).await;
    world.time_passes_at_stripe().await;
    assert_eq!(world.after_event("refund.failed", &begun).await, 200);
    assert_eq!(world.status(&order).await, "refunding");
    let payment = world.books_explain_stripe(&begun).await;
    assert_eq!((payment.failed_refunds, payment.work.due), (1, None), "it waits for a person");
    assert_eq!(world.refund(order.id).await.expect("once more"), RefundStarted::Now(PRICE));
    world.pass(Duration::from_secs(6)).await;
    assert_eq!(world.status(&order).await, "refunded");
}

#[tokio::test]
async fn a_refund_that_failed_before_anybody_heard_of_it_waits_for_a_person() {
    let (mut world, order, begun) = sold(REFUND_FAILS).await;
    world.stripe_goes_away().await;
    world.refund(order.id).await.expect("it may");
    world.pass(Duration::from_secs(6)).await;
    // A process asks for the refund and dies before the answer; then the bank does not take it.
    world.somebody_dies_at_the_next_step(&begun).await;
    let key = world.stored(&begun).await.idempotency_key("refund");
    let form = format!("payment_intent={}", intent_of(&begun));
    assert_eq!(world.ask_stripe_under(Some(&key), "/v1/refunds", "sk_test_sim", form).await.0, 200);
    world.stripe_comes_back().await;
    world.service.clock.advance(Duration::from_secs(6));
    world.time_passes_at_stripe().await;
    for _ in 0..3 {
        world.pass(crate::world::LONG).await;
    }
    let payment = world.books_explain_stripe(&begun).await;
    assert_eq!((payment.status, payment.work.due), (PaymentStatus::Refunding, None), "nobody keeps trying");
    assert_eq!((payment.failed_refunds, world.refunded().await), (1, 0));
    assert_eq!(world.refund(order.id).await.expect("once more"), RefundStarted::Now(PRICE));
    world.pass(Duration::from_secs(6)).await;
    assert_eq!(world.status(&order).await, "refunded");
}

#[tokio::test]
async fn a_dispute_is_booked_and_announced_from_its_beginning_to_its_end() {
    for (decision, end) in [("win", DisputeStatus::Won), ("lose", DisputeStatus::Lost)] {
        let (world, order, begun) = sold(VISA).await;
        let dispute = world.buyer_disputes(&begun).await;
        assert_eq!(world.after_event("charge.dispute.created", &begun).await, 200);
        assert_eq!(world.announced().await, [Subject::PaymentDisputed]);
        let payment = world.books_explain_stripe(&begun).await;
        assert_eq!(payment.balances().get(&Account::Disputes), Some(&PRICE.amount));
        assert!(world.refund(order.id).await.is_err(), "the bank has the money");

        world.at_stripe(&format!("/sim/disputes/{dispute}/{decision}"), String::new()).await;
        assert_eq!(world.after_event("charge.dispute.closed", &begun).await, 200);
        let payment = world.books_explain_stripe(&begun).await;
        assert_eq!(payment.moved.dispute, Some(end));
        assert_eq!(world.announced().await, [Subject::PaymentDisputed]);
    }
}

#[tokio::test]
async fn a_refund_of_money_that_a_bank_has_withdrawn_meanwhile_waits_for_a_person() {
    let (mut world, order, begun) = sold(VISA).await;
    world.stripe_goes_away().await;
    world.refund(order.id).await.expect("nobody knows of a dispute yet");
    world.pass(Duration::from_secs(6)).await;
    let dispute = world.buyer_disputes(&begun).await;
    world.stripe_comes_back().await;
    for _ in 0..3 {
        world.pass(crate::world::LONG).await;
    }
    let payment = world.books_explain_stripe(&begun).await;
    assert_eq!((payment.status, payment.work.due), (PaymentStatus::Refunding, None), "nobody keeps trying");
    assert_eq!((payment.failed_refunds, payment.moved.dispute), (1, Some(DisputeStatus::Open)));
    assert_eq!(world.announced().await, [Subject::PaymentDisputed]);

    world.at_stripe(&format!("/sim/disputes/{dispute}/win"), String::new()).await;
    assert_eq!(world.after_event("charge.dispute.closed", &begun).await, 200);
    assert_eq!(world.refund(order.id).await.expect("once more"), RefundStarted::Now(PRICE));
    world.pass(Duration::from_secs(6)).await;
    assert_eq!((world.status(&order).await.as_str(), world.refunded().await), ("refunded", PRICE.amount));
    world.books_explain_stripe(&begun).await;
}

#[tokio::test]
async fn news_of_money_that_cannot_be_looked_into_is_sent_again() {
    let (mut world, _, begun) = sold(VISA).await;
    world.stripe_goes_away().await;
    assert_eq!(world.after_event("charge.refunded", &begun).await, 503, "nothing is durable yet");
}
