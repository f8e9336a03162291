//! What the service does when it hears of orders.

use common::event::{OrderStatus, Subject};
use stripe_sim::Status;

use crate::world::{LONG, VISA, World, intent_of};

#[tokio::test]
async fn an_accepted_payment_is_captured_and_announced_once() {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    world.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    for _ in 0..2 {
        world.hear(&order, OrderStatus::Paying, 3).await;
    }
    assert_eq!(world.status(&order).await, "captured");
    for status in [OrderStatus::Complete, OrderStatus::Complete, OrderStatus::Paying] {
        world.hear(&order, status, 4).await;
    }
    world.webhook("payment_intent.succeeded", &intent_of(&begun)).await;
    assert_eq!(world.status(&order).await, "captured");
    assert_eq!(world.captured().await, 2500);
    assert_eq!(world.announced().await, [Subject::PaymentAuthorized, Subject::PaymentCaptured]);
}

#[tokio::test]
async fn nothing_is_captured_before_the_order_accepts_it() {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    for status in [OrderStatus::Created, OrderStatus::AwaitingPayment] {
        world.hear(&order, status, 9).await;
        world.pass(LONG).await;
    }
    assert_eq!(world.status(&order).await, "authorized");
    assert_eq!(world.captured().await, 0);
}

#[tokio::test]
async fn a_payment_confirmed_after_its_order_died_is_voided_and_never_captured() {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    for _ in 0..2 {
        world.hear(&order, OrderStatus::Cancelled, 3).await;
    }
    assert_eq!(world.status(&order).await, "voided");
    assert_eq!(world.intent_states().await, [Status::Canceled]);
    world.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    assert_eq!(world.status(&order).await, "voided");
    assert_eq!(world.announced().await, [Subject::PaymentVoided]);
}

#[tokio::test]
async fn an_authorized_payment_of_an_order_that_ends_is_voided() {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    world.pass(LONG).await;
    world.hear(&order, OrderStatus::Cancelled, 3).await;
    assert_eq!(world.status(&order).await, "voided");
    assert_eq!(world.confirm(&begun, VISA).await, 400, "no card is taken any more");
    assert_eq!(world.announced().await, [Subject::PaymentAuthorized, Subject::PaymentVoided]);
}

#[tokio::test]
async fn what_is_heard_late_or_in_another_order_changes_nothing() {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    world.pass(LONG).await;
    world.hear(&order, OrderStatus::Cancelled, 5).await;
    for (status, version) in [
        (OrderStatus::Paying, 4),
        (OrderStatus::AwaitingPayment, 2),
        (OrderStatus::Created, 1),
        (OrderStatus::Cancelled, 5),
    ] {
        world.hear(&order, status, version).await;
    }
    assert_eq!(world.status(&order).await, "voided");
    assert_eq!((world.captured().await, world.pay(&order).await.code()), (0, "order-cancelled"));
}

#[tokio::test]
async fn an_acceptance_that_is_heard_before_the_order_is_captured_all_the_same() {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    world.pass(LONG).await;
    world.hear(&order, OrderStatus::Complete, 4).await;
    world.hear(&order, OrderStatus::Paying, 3).await;
    assert_eq!(world.status(&order).await, "captured");
    assert_eq!(world.captured().await, 2500);
}

#[tokio::test]
async fn an_authorization_that_the_bank_let_go_of_fails_the_accepted_order() {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    world.pass(LONG).await;
    let path = format!("/v1/payment_intents/{}/cancel", intent_of(&begun));
    assert_eq!(world.ask_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
    world.pass(LONG).await;
    assert_eq!(world.status(&order).await, "voided");
    world.hear(&order, OrderStatus::Paying, 3).await;
    assert_eq!(world.status(&order).await, "failed");
    let expected = [Subject::PaymentAuthorized, Subject::PaymentVoided, Subject::PaymentFailed];
    assert_eq!(world.announced().await, expected);
}
