//! The reconciler: each difference is planted, found and corrected.

use std::time::Duration;

use common::event::{OrderSnapshot, OrderStatus, PaymentStatus};
use common::{Decision, PaymentId};
use payments::Report;
use payments::domain::{MoneyTotals, Payment, StepSchedule};
use runtime::testing::edit;
use serde_json::Value;
use stripe_sim::Status;

use crate::app::{LONG, PRICE, TestApp, VISA, intent_of};
use crate::refund::sold;

impl TestApp {
    async fn reconcile(&self) -> Report {
        let config = self.config();
        payments::reconcile(&self.service.context, config, payments::WINDOW).await.expect("Stripe answers")
    }

    /// One finding that is corrected, and none the next time.
    async fn finds_and_corrects(&self, what: &str) -> Report {
        let report = self.reconcile().await;
        let text = report.to_string();
        assert!(matches!(&report.findings[..], [one] if one.corrected && one.text.contains(what)), "{text}");
        self.advance(LONG).await;
        let again = self.reconcile().await;
        assert!(again.findings.is_empty(), "{again}");
        report
    }

    /// Stores the changed payment, past every rule.
    async fn plant(&self, begun: &Value, change: impl Fn(&Payment) -> Payment) {
        let payments = self.service.context.store.collection::<Payment>();
        let payment = self.stored(begun).await;
        let next = Payment { version: payment.version + 1, ..change(&payment) };
        payments.commit(Decision::without_event(next)).await.expect("no other change");
    }

    async fn orphan_intent(&self, payment: PaymentId, order: &OrderSnapshot, confirm: bool) -> String {
        let form = format!(
            "amount=2500&currency=usd&capture_method=manual&metadata[payment]={payment}&metadata[order]={}\
             &confirm={confirm}&payment_method=pm_card_visa",
            order.id
        );
        let (status, intent) = self.call_stripe("/v1/payment_intents", "sk_test_sim", form).await;
        assert_eq!(status, 200, "{intent}");
        intent["id"].as_str().expect("an id").to_owned()
    }
}

/// A payment whose money is authorized.
async fn authorized() -> (TestApp, OrderSnapshot, Value) {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.confirm(&begun, VISA).await, 200);
    app.webhook("payment_intent.amount_capturable_updated", &intent_of(&begun)).await;
    assert_eq!(app.status(&order).await, "authorized");
    (app, order, begun)
}

#[tokio::test]
async fn where_nothing_differs_nothing_is_found() {
    let (app, order, begun) = sold(VISA).await;
    let report = app.reconcile().await;
    assert_eq!((report.at_stripe, report.ours, report.findings.len()), (1, 1, 0), "{report}");
    assert!(report.money_without_ticket.is_zero() && report.ticket_without_money.is_zero());
    assert_eq!(app.status(&order).await, "captured");
    app.assert_books_match_stripe(&begun).await;
}

#[tokio::test]
async fn an_open_authorization_of_a_payment_that_is_over_is_let_go_of() {
    let (app, _, begun) = authorized().await;
    app.plant(&begun, |payment| ended(payment, PaymentStatus::Voided)).await;
    let report = app.finds_and_corrects("was still open").await;
    assert_eq!(report.open_authorizations, 1);
    assert_eq!(app.intent_states().await, [Status::Canceled]);
}

/// The payment without a next step.
fn ended(payment: &Payment, status: PaymentStatus) -> Payment {
    Payment { status, schedule: StepSchedule::done(), ..payment.clone() }
}

#[tokio::test]
async fn money_that_was_taken_for_a_payment_that_is_over_goes_back() {
    let (app, order, begun) = sold(VISA).await;
    app.plant(&begun, |payment| Payment {
        totals: MoneyTotals::default(),
        ledger: Vec::new(),
        ..ended(payment, PaymentStatus::Voided)
    })
    .await;
    app.finds_and_corrects("without our books").await;
    assert_eq!(app.status(&order).await, "refunded");
    assert_eq!(app.refunded().await, PRICE.amount);
    app.assert_books_match_stripe(&begun).await;
}

#[tokio::test]
async fn a_capture_that_was_not_noted_is_noted() {
    let (app, order, begun) = authorized().await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    app.service.settle().await;
    let due = app.in_an_hour();
    app.plant(&begun, |payment| Payment {
        status: PaymentStatus::Capturing,
        schedule: StepSchedule { due: Some(due), attempts: 9, ..StepSchedule::done() },
        totals: MoneyTotals::default(),
        ledger: Vec::new(),
        ..payment.clone()
    })
    .await;
    app.finds_and_corrects("had missed a change").await;
    assert_eq!(app.status(&order).await, "captured");
    app.assert_books_match_stripe(&begun).await;
}

#[tokio::test]
async fn an_authorization_of_an_order_whose_cancellation_was_missed_is_let_go_of() {
    let (app, order, begun) = authorized().await;
    let due = app.in_an_hour();
    app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
    app.service.settle().await;
    assert_eq!(app.intent_states().await, [Status::Canceled]);
    app.plant(&begun, |payment| Payment {
        status: PaymentStatus::Authorized,
        schedule: StepSchedule { due: Some(due), attempts: 9, ..StepSchedule::done() },
        ..payment.clone()
    })
    .await;
    app.finds_and_corrects("had missed a change").await;
    assert_eq!(app.status(&order).await, "voided");
}

#[tokio::test]
async fn a_payment_intent_without_a_payment_becomes_the_payment_of_its_order() {
    let app = TestApp::start().await;
    let order = app.order().await;
    let id: PaymentId = app.service.context.ids.next();
    app.orphan_intent(id, &order, true).await;
    app.finds_and_corrects("had no payment").await;
    assert_eq!(app.status(&order).await, "authorized");
    assert_eq!(app.payment(order.id).await["id"], id.to_string());
}

#[tokio::test]
async fn a_payment_intent_of_an_unknown_order_is_voided_and_its_money_left_to_the_operator() {
    let app = TestApp::start().await;
    let order = app.new_order();
    app.orphan_intent(app.service.context.ids.next(), &order, true).await;
    app.finds_and_corrects("it is canceled").await;
    let taken = app.orphan_intent(app.service.context.ids.next(), &order, true).await;
    let (status, _) =
        app.call_stripe(&format!("/v1/payment_intents/{taken}/capture"), "sk_test_sim", String::new()).await;
    assert_eq!(status, 200);
    let report = app.reconcile().await;
    assert!(matches!(&report.findings[..], [one] if !one.corrected && one.text.contains(&taken)), "{report}");
}

#[tokio::test]
async fn money_that_was_taken_beside_a_payment_goes_back() {
    let (app, order, begun) = sold(VISA).await;
    let id: PaymentId = begun["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let second = app.orphan_intent(id, &order, true).await;
    app.call_stripe(&format!("/v1/payment_intents/{second}/capture"), "sk_test_sim", String::new()).await;
    app.finds_and_corrects("beside the payment").await;
    assert_eq!(app.refunded().await, 2500);
    app.assert_books_match_stripe(&begun).await;
}

#[tokio::test]
async fn a_payment_whose_intent_stripe_does_not_know_is_left_to_the_operator() {
    let (app, _, begun) = authorized().await;
    app.plant(&begun, |payment| {
        let mut intent = payment.intent.clone().expect("an intent");
        intent.id = "pi_of_another_account".into();
        Payment { intent: Some(intent), ..payment.clone() }
    })
    .await;
    let report = app.reconcile().await;
    let text = report.to_string();
    assert!(text.contains("Stripe does not know") && text.contains("LOOK INTO IT"), "{text}");
}

#[tokio::test]
async fn money_without_an_order_that_completes_is_measured() {
    let (app, order, begun) = authorized().await;
    app.deliver_order(&order, OrderStatus::Paying, 3).await;
    assert_eq!(app.status(&order).await, "captured");
    app.advance(Duration::from_mins(2)).await;
    assert_eq!(app.reconcile().await.money_without_ticket, Duration::from_mins(2));
    app.deliver_order(&order, OrderStatus::Complete, 4).await;
    assert!(app.reconcile().await.money_without_ticket.is_zero());
    app.plant(&begun, |payment| ended(payment, PaymentStatus::Failed)).await;
    app.advance(Duration::from_mins(1)).await;
    assert!(!app.reconcile().await.findings.is_empty());
}

#[tokio::test]
async fn a_round_comes_by_itself_and_several_at_once_do_not_disturb_each_other() {
    let (app, _, begun) = authorized().await;
    app.plant(&begun, |payment| ended(payment, PaymentStatus::Voided)).await;
    app.advance(Duration::from_mins(10)).await;
    assert_eq!(app.intent_states().await, [Status::Canceled], "by the worker");

    let (app, order, begun) = sold(VISA).await;
    let form = format!("payment_intent={}", intent_of(&begun));
    app.call_stripe("/v1/refunds", "sk_test_sim", form).await;
    tokio::join!(app.reconcile(), app.reconcile(), app.reconcile());
    assert_eq!(app.status(&order).await, "refunded");
    assert_eq!(app.published().await.len(), 1, "it is announced once");
    app.assert_books_match_stripe(&begun).await;
}

#[tokio::test]
async fn an_unreadable_payment_is_left_to_the_operator_and_the_others_are_compared() {
    let (app, _, begun) = authorized().await;
    let unreadable = app.stored(&begun).await.id;
    let lost = app.orphan_intent(PaymentId::from(uuid::Uuid::from_u128(7)), &app.order().await, true).await;
    edit::<Payment>(&app.service.context.store, unreadable, |state| state["status"] = "on-hold".into()).await;
    let report = app.reconcile().await;
    let text = report.to_string();
    let open = report.findings.iter().filter(|finding| !finding.corrected);
    assert!(open.clone().count() > 0, "{text}");
    assert!(open.clone().all(|finding| finding.text.contains(&unreadable.to_string())), "{text}");
    assert!(
        report.findings.iter().any(|finding| finding.corrected && finding.text.contains(&lost)),
        "{text}"
    );
    let untouched = app.intent_states().await;
    assert!(untouched.contains(&Status::RequiresCapture), "its authorization is not voided: {untouched:?}");
}
