//! The reconciliation: each discrepancy is planted, found and healed.

use std::time::Duration;

use common::event::{OrderSnapshot, OrderStatus, PaymentStatus};
use common::{Decision, PaymentId};
use payments::Report;
use payments::domain::Payment;
use serde_json::Value;
use stripe_sim::Status;

use crate::refund::sold;
use crate::world::{LONG, PRICE, VISA, World, intent_of};

impl World {
    async fn reconcile(&self) -> Report {
        let config = self.config();
        payments::reconcile(&self.service.context, config, payments::WINDOW).await.expect("Stripe answers")
    }

    /// One finding that was healed, and nothing at all the next time.
    async fn finds_and_heals(&self, what: &str) -> Report {
        let report = self.reconcile().await;
        let words = report.to_string();
        assert!(matches!(&report.findings[..], [one] if one.healed && one.words.contains(what)), "{words}");
        self.pass(LONG).await;
        let again = self.reconcile().await;
        assert!(again.findings.is_empty(), "{again}");
        report
    }

    /// The payment is stored like this, whatever it was.
    async fn plant(&self, begun: &Value, change: impl Fn(&Payment) -> Payment) {
        let payments = self.service.context.store.collection::<Payment>();
        let payment = self.stored(begun).await;
        let next = Payment { version: payment.version + 1, ..change(&payment) };
        payments.commit(Decision::without_event(next)).await.expect("nobody else is at it");
    }

    async fn intent_of_nobody(&self, payment: PaymentId, order: &OrderSnapshot, confirm: bool) -> String {
        let form = format!(
            "amount=2500&currency=usd&capture_method=manual&metadata[payment]={payment}&metadata[order]={}\
             &confirm={confirm}&payment_method=pm_card_visa",
            order.id
        );
        let (status, intent) = self.ask_stripe("/v1/payment_intents", "sk_test_sim", form).await;
        assert_eq!(status, 200, "{intent}");
        intent["id"].as_str().expect("an id").to_owned()
    }
}

/// A payment whose money is held.
async fn authorized() -> (World, OrderSnapshot, Value) {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.confirm(&begun, VISA).await, 200);
    world.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    assert_eq!(world.status(&order).await, "authorized");
    (world, order, begun)
}

#[tokio::test]
async fn where_nothing_differs_nothing_is_found() {
    let (world, order, begun) = sold(VISA).await;
    let report = world.reconcile().await;
    assert_eq!((report.at_stripe, report.ours, report.findings.len()), (1, 1, 0), "{report}");
    assert!(report.money_without_ticket.is_zero() && report.ticket_without_money.is_zero());
    assert_eq!(world.status(&order).await, "captured");
    world.books_explain_stripe(&begun).await;
}

#[tokio::test]
async fn an_open_authorization_of_a_payment_that_is_over_is_let_go_of() {
    let (world, _, begun) = authorized().await;
    world.plant(&begun, |payment| ended(payment, PaymentStatus::Voided)).await;
    let report = world.finds_and_heals("was still open").await;
    assert_eq!(report.open_authorizations, 1);
    assert_eq!(world.intent_states().await, [Status::Canceled]);
}

/// As if it were at its end.
fn ended(payment: &Payment, status: PaymentStatus) -> Payment {
    let done = payments::domain::Work { due: None, attempts: 0, key: 0, taken: false, not_before: None };
    Payment { status, work: done, ..payment.clone() }
}

#[tokio::test]
async fn money_that_was_taken_for_a_payment_that_is_over_goes_back() {
    let (world, order, begun) = sold(VISA).await;
    world
        .plant(&begun, |payment| Payment {
            moved: payments::domain::Moved::default(),
            ledger: Vec::new(),
            ..ended(payment, PaymentStatus::Voided)
        })
        .await;
    world.finds_and_heals("without our books").await;
    assert_eq!(world.status(&order).await, "refunded");
    assert_eq!(world.refunded().await, PRICE.amount);
    world.books_explain_stripe(&begun).await;
}

#[tokio::test]
async fn a_capture_that_was_not_noted_is_noted() {
    let (world, order, begun) = authorized().await;
    world.hear(&order, OrderStatus::Paying, 3).await;
    world.service.settle().await;
    let due = world.in_an_hour();
    world
        .plant(&begun, |payment| Payment {
            status: PaymentStatus::Capturing,
            work: payments::domain::Work {
                due: Some(due),
                attempts: 9,
                key: 0,
                taken: false,
                not_before: None,
            },
            moved: payments::domain::Moved::default(),
            ledger: Vec::new(),
            ..payment.clone()
        })
        .await;
    world.finds_and_heals("had missed what happened").await;
    assert_eq!(world.status(&order).await, "captured");
    world.books_explain_stripe(&begun).await;
}

#[tokio::test]
async fn an_authorization_of_an_order_that_died_unheard_is_let_go_of() {
    let (world, order, begun) = authorized().await;
    let due = world.in_an_hour();
    world.hear(&order, OrderStatus::Cancelled, 3).await;
    world.service.settle().await;
    assert_eq!(world.intent_states().await, [Status::Canceled]);
    world
        .plant(&begun, |payment| Payment {
            status: PaymentStatus::Authorized,
            work: payments::domain::Work {
                due: Some(due),
                attempts: 9,
                key: 0,
                taken: false,
                not_before: None,
            },
            ..payment.clone()
        })
        .await;
    world.finds_and_heals("had missed what happened").await;
    assert_eq!(world.status(&order).await, "voided");
}

#[tokio::test]
async fn a_payment_intent_without_a_payment_becomes_the_payment_of_its_order() {
    let world = World::start().await;
    let order = world.order().await;
    let id: PaymentId = world.service.context.ids.next();
    world.intent_of_nobody(id, &order, true).await;
    world.finds_and_heals("had no payment").await;
    assert_eq!(world.status(&order).await, "authorized");
    assert_eq!(world.payment(order.id).await["id"], id.to_string());
}

#[tokio::test]
async fn a_payment_intent_of_an_unknown_order_is_let_go_of_and_its_money_told_to_a_person() {
    let world = World::start().await;
    let order = world.unheard_order();
    world.intent_of_nobody(world.service.context.ids.next(), &order, true).await;
    world.finds_and_heals("it is canceled").await;
    let taken = world.intent_of_nobody(world.service.context.ids.next(), &order, true).await;
    let (status, _) =
        world.ask_stripe(&format!("/v1/payment_intents/{taken}/capture"), "sk_test_sim", String::new()).await;
    assert_eq!(status, 200);
    let report = world.reconcile().await;
    assert!(matches!(&report.findings[..], [one] if !one.healed && one.words.contains(&taken)), "{report}");
}

#[tokio::test]
async fn money_that_was_taken_beside_a_payment_goes_back() {
    let (world, order, begun) = sold(VISA).await;
    let id: PaymentId = begun["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let second = world.intent_of_nobody(id, &order, true).await;
    world.ask_stripe(&format!("/v1/payment_intents/{second}/capture"), "sk_test_sim", String::new()).await;
    world.finds_and_heals("beside the payment").await;
    assert_eq!(world.refunded().await, 2500);
    world.books_explain_stripe(&begun).await;
}

#[tokio::test]
async fn a_payment_whose_intent_stripe_does_not_know_is_told_to_a_person() {
    let (world, _, begun) = authorized().await;
    world
        .plant(&begun, |payment| {
            let mut intent = payment.intent.clone().expect("an intent");
            intent.id = "pi_of_another_account".into();
            Payment { intent: Some(intent), ..payment.clone() }
        })
        .await;
    let report = world.reconcile().await;
    let words = report.to_string();
    assert!(words.contains("Stripe does not know") && words.contains("LOOK INTO IT"), "{words}");
}

#[tokio::test]
async fn money_without_an_order_that_completes_is_measured() {
    let (world, order, begun) = authorized().await;
    world.hear(&order, OrderStatus::Paying, 3).await;
    assert_eq!(world.status(&order).await, "captured");
    world.pass(Duration::from_mins(2)).await;
    assert_eq!(world.reconcile().await.money_without_ticket, Duration::from_mins(2));
    world.hear(&order, OrderStatus::Complete, 4).await;
    assert!(world.reconcile().await.money_without_ticket.is_zero());
    world.plant(&begun, |payment| ended(payment, PaymentStatus::Failed)).await;
    world.pass(Duration::from_mins(1)).await;
    assert!(!world.reconcile().await.findings.is_empty());
}

#[tokio::test]
async fn a_round_comes_by_itself_and_several_at_once_do_not_disturb_each_other() {
    let (world, _, begun) = authorized().await;
    world.plant(&begun, |payment| ended(payment, PaymentStatus::Voided)).await;
    world.pass(Duration::from_mins(10)).await;
    assert_eq!(world.intent_states().await, [Status::Canceled], "nobody asked for it");

    let (world, order, begun) = sold(VISA).await;
    let form = format!("payment_intent={}", intent_of(&begun));
    world.ask_stripe("/v1/refunds", "sk_test_sim", form).await;
    tokio::join!(world.reconcile(), world.reconcile(), world.reconcile());
    assert_eq!(world.status(&order).await, "refunded");
    assert_eq!(world.announced().await.len(), 1, "it is announced once");
    world.books_explain_stripe(&begun).await;
}
