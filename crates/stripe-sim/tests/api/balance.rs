//! The balance and its transactions.

use std::time::Duration;

use common::Currency;
use serde_json::Value;
use stripe_core::balance::RetrieveForMyAccountBalance;
use stripe_core::balance_transaction::{ListBalanceTransaction, RetrieveBalanceTransaction};

use crate::app::TestApp;

/// Available and pending dollars.
async fn dollars(app: &TestApp) -> (i64, i64) {
    let balance = app.get("/v1/balance").await.body;
    let part = |name: &str| {
        let parts = balance[name].as_array().expect("parts").iter();
        parts.filter(|one| one["currency"] == "usd").filter_map(|one| one["amount"].as_i64()).sum()
    };
    (part("available"), part("pending"))
}

#[tokio::test]
async fn captured_money_is_pending_for_two_days() {
    let app = TestApp::delivering().await;
    app.authorized().await;
    assert_eq!(dollars(&app).await, (0, 0), "what is reserved is not held");
    app.captured("pm_card_visa").await;
    app.captured("pm_card_bypassPending").await;
    assert_eq!(dollars(&app).await, (2500, 2500));
    app.advance_clock(Duration::from_hours(48)).await;
    assert_eq!(dollars(&app).await, (5000, 0));
}

#[tokio::test]
async fn every_movement_is_a_transaction_and_their_sum_is_the_balance() {
    let app = TestApp::delivering().await;
    let client = app.stripe();
    let refunded = app.captured("pm_card_visa").await;
    app.post("/v1/refunds", &[("payment_intent", &refunded), ("amount", "1000")]).await;
    let failing = app.captured("pm_card_refundFail").await;
    app.post("/v1/refunds", &[("payment_intent", &failing)]).await;
    let disputed = app.captured("pm_card_createDispute").await;
    app.advance_clock(Duration::from_mins(1)).await;
    let page = ListBalanceTransaction::new().limit(100).send(&client).await.expect("a page");
    let mut movements: Vec<_> =
        page.data.iter().map(|one| (one.type_.to_string(), one.amount, one.net)).collect();
    movements.sort();
    let expected = [
        ("adjustment", -2500),
        ("charge", 2500),
        ("charge", 2500),
        ("charge", 2500),
        ("refund", -2500),
        ("refund", -1000),
        ("refund_failure", 2500),
    ];
    assert_eq!(movements, expected.map(|(kind, amount)| (kind.to_owned(), amount, amount)));
    let sum: i64 = page.data.iter().map(|one| one.net).sum();
    let held = app.sim.balance_total(Currency::Usd).await.expect("a sum").amount;
    assert_eq!((sum, held), (4000, 4000));
    let balance = RetrieveForMyAccountBalance::new().send(&client).await.expect("a balance");
    let parts = balance.available.iter().chain(&balance.pending);
    assert_eq!(parts.map(|part| part.amount).sum::<i64>(), held);

    let first = page.data[0].id.as_str();
    let found = RetrieveBalanceTransaction::new(first).send(&client).await.expect("found");
    assert_eq!(found.id.as_str(), first);
    let of_one = app.get(&format!("/v1/balance_transactions?source=ch_{}00", &disputed[3..])).await;
    let kinds = |response: &Value| -> Vec<String> {
        let data = response["data"].as_array().expect("a list").iter();
        data.map(|one| one["reporting_category"].as_str().expect("a category").to_owned()).collect()
    };
    assert_eq!(kinds(&of_one.body), ["charge"]);
    let adjustments = app.get("/v1/balance_transactions?type=adjustment").await;
    assert_eq!(kinds(&adjustments.body), ["dispute"]);
    assert!(kinds(&app.get("/v1/balance_transactions?currency=eur").await.body).is_empty());
}

#[tokio::test]
async fn fees_are_kept_and_a_refund_does_not_give_them_back() {
    let fees = stripe_sim::Fees { basis_points: 290, fixed: 30, dispute: 1500 };
    let app = TestApp::with_fees(fees).await;
    let id = app.captured("pm_card_visa").await;
    let held = async || app.sim.balance_total(Currency::Usd).await.expect("a sum").amount;
    assert_eq!(held().await, 2500 - 103);
    app.post("/v1/refunds", &[("payment_intent", &id)]).await;
    assert_eq!(held().await, -103);
    let other = app.captured("pm_card_visa").await;
    let disputed = app.post(&format!("/sim/charges/ch_{}00/dispute", &other[3..]), &[]).await;
    assert_eq!(held().await, -206 - 1500);
    app.post(&format!("/sim/disputes/{}/win", disputed.id()), &[]).await;
    assert_eq!(held().await, 2500 - 206);
}
