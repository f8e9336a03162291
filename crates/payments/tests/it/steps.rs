//! The steps before the card processor, with everything that can go wrong in them.

use std::time::Duration;

use common::event::{OrderSnapshot, OrderStatus, Subject};
use payments::domain::LEASE;
use serde_json::Value;
use stripe_sim::{Faults, Status};

use crate::world::{LONG, VISA, World, intent_of};

async fn authorized() -> (World, OrderSnapshot, Value) {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    world.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    assert_eq!(world.announced().await, [Subject::PaymentAuthorized]);
    (world, order, begun)
}

/// Long enough for every repetition of a step.
async fn let_time_pass(world: &World) {
    for _ in 0..6 {
        world.pass(LONG).await;
    }
}

type ConsumeError = fn(&mut Faults);

fn faults() -> [(&'static str, ConsumeError); 5] {
    [
        ("answered by 500 after it was done", |faults| faults.api.fail_after_commit = 1),
        ("answered by 500 twice after it was done", |faults| faults.api.fail_after_commit = 2),
        ("answered by 500 before it was done", |faults| faults.api.fail_before = 3),
        ("too many requests", |faults| faults.api.rate_limit = 3),
        ("nothing goes wrong", |_| {}),
    ]
}

#[tokio::test]
async fn whatever_goes_wrong_one_intent_is_created() {
    for (name, fault) in faults() {
        let world = World::start().await;
        let order = world.order().await;
        world.sim.faults().set(fault);
        let first = world.pay(&order).await;
        assert!(matches!(first.status, 201 | 503), "{name}: {}", first.json);
        let_time_pass(&world).await;
        let begun = world.pay(&order).await;
        assert_eq!(begun.status, 200, "{name}: {}", begun.json);
        assert_eq!(world.intent_states().await, [Status::RequiresPaymentMethod], "{name}");
        world.sim.faults().clear();
        assert_eq!(world.confirm(&begun.json, VISA).await, 200, "{name}: the buyer was given its secret");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_the_money_is_taken_once() {
    for (name, fault) in faults() {
        let (world, order, _) = authorized().await;
        world.sim.faults().set(fault);
        world.hear(&order, OrderStatus::Paying, 3).await;
        let_time_pass(&world).await;
        assert_eq!(world.status(&order).await, "captured", "{name}");
        assert_eq!(world.captured().await, 2500, "{name}");
        assert_eq!(world.announced().await, [Subject::PaymentCaptured], "{name}");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_the_money_is_let_go_of() {
    for (name, fault) in faults() {
        let (world, order, _) = authorized().await;
        world.sim.faults().set(fault);
        world.hear(&order, OrderStatus::Cancelled, 3).await;
        let_time_pass(&world).await;
        assert_eq!(world.status(&order).await, "voided", "{name}");
        assert_eq!(world.intent_states().await, [Status::Canceled], "{name}");
        assert_eq!(world.announced().await, [Subject::PaymentVoided], "{name}");
    }
}

#[tokio::test]
async fn whatever_goes_wrong_a_capture_that_is_refused_for_good_lets_go_of_the_money() {
    for (name, fault) in faults() {
        let (world, order, _) = authorized().await;
        world.sim.faults().set(fault);
        world.sim.faults().set(|faults| faults.capture_fails = 9);
        world.hear(&order, OrderStatus::Paying, 3).await;
        let_time_pass(&world).await;
        assert_eq!(world.status(&order).await, "failed", "{name}");
        assert!(world.payment(order.id).await["lastError"]["code"].is_string(), "{name}");
        assert_eq!(
            (world.captured().await, world.intent_states().await),
            (0, vec![Status::Canceled]),
            "{name}"
        );
        assert_eq!(world.announced().await, [Subject::PaymentFailed], "{name}");
    }
}

#[tokio::test]
async fn a_capture_waits_for_stripe_as_long_as_it_takes() {
    let (mut world, order, _) = authorized().await;
    world.stripe_goes_away().await;
    world.hear(&order, OrderStatus::Paying, 3).await;
    let_time_pass(&world).await;
    assert_eq!(world.status(&order).await, "capturing");
    world.stripe_comes_back().await;
    world.pass(LONG).await;
    assert_eq!((world.status(&order).await.as_str(), world.captured().await), ("captured", 2500));
}

#[tokio::test]
async fn stripe_is_left_alone_for_as_long_as_it_asks() {
    let (world, order, begun) = authorized().await;
    world.sim.faults().set(|faults| faults.api.rate_limit = 1);
    world.hear(&order, OrderStatus::Paying, 3).await;
    assert_eq!(world.status(&order).await, "capturing");
    // Our own first pause is a second; the simulator asks for three.
    for _ in 0..2 {
        world.pass(Duration::from_secs(1)).await;
        let hinted = world.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
        assert_eq!((hinted.status, world.captured().await), (200, 0), "not for a hint, either");
    }
    world.pass(Duration::from_secs(1)).await;
    assert_eq!((world.status(&order).await.as_str(), world.captured().await), ("captured", 2500));
}

#[tokio::test]
async fn a_stop_does_not_end_an_intention() {
    for (status, end) in
        [(OrderStatus::Paying, Status::Succeeded), (OrderStatus::Cancelled, Status::Canceled)]
    {
        let (mut world, order, _) = authorized().await;
        world.stripe_goes_away().await;
        world.hear(&order, status, 3).await;
        let mut world = world.restart().await;
        world.stripe_comes_back().await;
        world.pass(LONG).await;
        assert_eq!(world.intent_states().await, [end]);
        assert_eq!(world.announced().await.len(), 1);
    }
}

#[tokio::test]
async fn whoever_dies_while_taking_the_money_is_continued() {
    for performed in [false, true] {
        let (mut world, order, begun) = authorized().await;
        world.stripe_goes_away().await;
        world.hear(&order, OrderStatus::Paying, 3).await;
        world.service.settle().await;
        world.somebody_dies_at_the_next_step(&begun).await;
        if performed {
            let path = format!("/v1/payment_intents/{}/capture", intent_of(&begun));
            assert_eq!(world.ask_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
        }
        world.stripe_comes_back().await;
        world.pass(LEASE).await;
        assert_eq!((world.status(&order).await.as_str(), world.captured().await), ("captured", 2500));
        assert_eq!(world.announced().await, [Subject::PaymentCaptured]);
    }
}

#[tokio::test]
async fn whoever_dies_while_letting_go_of_the_money_is_continued() {
    for performed in [false, true] {
        let (mut world, order, begun) = authorized().await;
        world.stripe_goes_away().await;
        world.hear(&order, OrderStatus::Cancelled, 3).await;
        world.service.settle().await;
        world.somebody_dies_at_the_next_step(&begun).await;
        if performed {
            let path = format!("/v1/payment_intents/{}/cancel", intent_of(&begun));
            assert_eq!(world.ask_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
        }
        world.stripe_comes_back().await;
        world.pass(LEASE).await;
        assert_eq!(world.status(&order).await, "voided");
        assert_eq!(world.announced().await, [Subject::PaymentVoided]);
    }
}

#[tokio::test]
async fn whoever_dies_while_creating_the_intent_is_continued() {
    for (taken, performed) in [(false, false), (true, false), (true, true)] {
        let mut world = World::start().await;
        let order = world.order().await;
        world.stripe_goes_away().await;
        let begun = world.begin_and_die(&order).await;
        if taken {
            world.somebody_dies_at_the_next_step(&begun).await;
        }
        if performed {
            let payment = begun["id"].as_str().expect("an id");
            let form = format!("amount=2500&currency=usd&capture_method=manual&metadata[payment]={payment}");
            assert_eq!(world.ask_stripe("/v1/payment_intents", "sk_test_sim", form).await.0, 200);
        }
        world.stripe_comes_back().await;
        world.pass(LEASE).await;
        let reply = world.pay(&order).await;
        assert_eq!((reply.status, &reply.json["id"]), (200, &begun["id"]), "{taken} {performed}");
        assert_eq!(world.intents().await.len(), 1, "{taken} {performed}");
    }
}

#[tokio::test]
async fn a_stripe_that_does_not_answer_holds_up_no_event() {
    let (mut world, order, _) = authorized().await;
    world.stripe_falls_silent().await;
    for version in 3..6 {
        // Hearing fails the test unless it is handled at once.
        world.hear(&order, OrderStatus::Paying, version).await;
    }
    world.stripe_goes_away().await;
    world.stripe_comes_back().await;
    world.service.settle().await;
    world.pass(LONG).await;
    assert_eq!((world.status(&order).await.as_str(), world.captured().await), ("captured", 2500));
    assert_eq!(world.announced().await, [Subject::PaymentCaptured]);
}

#[tokio::test]
async fn money_that_somebody_took_by_hand_is_the_orders() {
    let (world, order, begun) = authorized().await;
    let path = format!("/v1/payment_intents/{}/capture", intent_of(&begun));
    assert_eq!(world.ask_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
    world.pass(LONG).await;
    world.hear(&order, OrderStatus::Paying, 3).await;
    let_time_pass(&world).await;
    assert_eq!(world.status(&order).await, "captured");
    assert_eq!(world.announced().await, [Subject::PaymentCaptured]);
}

/// A payment whose money somebody took by hand, so that it goes back once its order is cancelled.
async fn taken_by_hand() -> (World, OrderSnapshot, Value) {
    let (world, order, begun) = authorized().await;
    let path = format!("/v1/payment_intents/{}/capture", intent_of(&begun));
    assert_eq!(world.ask_stripe(&path, "sk_test_sim", String::new()).await.0, 200);
    (world, order, begun)
}

#[tokio::test]
async fn whatever_goes_wrong_the_money_of_a_dead_order_goes_back_once() {
    for (name, fault) in faults() {
        let (world, order, _) = taken_by_hand().await;
        world.sim.faults().set(fault);
        world.hear(&order, OrderStatus::Cancelled, 3).await;
        let_time_pass(&world).await;
        assert_eq!(world.status(&order).await, "refunded", "{name}");
        assert_eq!((world.captured().await, world.refunded().await), (2500, 2500), "{name}");
        assert_eq!(world.announced().await, [Subject::PaymentRefunded], "{name}");
    }
}

#[tokio::test]
async fn whoever_dies_after_giving_the_money_back_is_continued() {
    let (world, order, begun) = taken_by_hand().await;
    world.sim.faults().set(|faults| faults.api.fail_after_commit = 1);
    world.hear(&order, OrderStatus::Cancelled, 3).await;
    assert_eq!((world.status(&order).await.as_str(), world.refunded().await), ("refunding", 2500));
    world.somebody_dies_at_the_next_step(&begun).await;
    world.pass(LEASE).await;
    assert_eq!((world.status(&order).await.as_str(), world.refunded().await), ("refunded", 2500));
    assert_eq!(world.announced().await, [Subject::PaymentRefunded]);
}

#[tokio::test]
async fn what_somebody_gave_back_by_hand_is_not_given_back_again() {
    for amount in [1000, 2500] {
        let (world, order, begun) = taken_by_hand().await;
        let form = format!("payment_intent={}&amount={amount}", intent_of(&begun));
        assert_eq!(world.ask_stripe("/v1/refunds", "sk_test_sim", form).await.0, 200);
        world.hear(&order, OrderStatus::Cancelled, 3).await;
        let_time_pass(&world).await;
        assert_eq!(world.status(&order).await, "refunded", "{amount}");
        assert_eq!(world.refunded().await, 2500, "{amount}");
        assert_eq!(world.announced().await, [Subject::PaymentRefunded], "{amount}");
    }
}
