//! `GET /api/payments/{id}/receipt` and `GET /api/payments/statement`

use common::event::OrderStatus;
use payments::domain::Account;
use serde_json::{Value, json};
use stripe_sim::Fees;

use crate::app::{TestApp, VISA, intent_of};
use crate::refund::sold;

impl TestApp {
    async fn receipt(&self, begun: &Value) -> Value {
        let path = format!("/api/payments/{}/receipt", begun["id"].as_str().expect("an id"));
        let reply = self.caller().get(&path).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        let stranger = self.service.by(&self.seller).get(&path).await;
        assert_eq!(stranger.status, 403, "the receipt is the buyer's alone");
        reply.json
    }

    async fn statement(&self) -> Vec<Value> {
        let reply = self.service.by(&self.seller).get("/api/payments/statement").await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply.json["items"].as_array().expect("a list").clone()
    }
}

fn usd(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "USD" })
}

#[tokio::test]
async fn the_buyer_has_a_receipt_and_the_seller_a_statement_of_the_sale() {
    let (app, order, begun) = sold(VISA).await;
    let receipt = app.receipt(&begun).await;
    assert_eq!((&receipt["paid"], &receipt["refunded"]), (&usd(2500), &usd(0)));
    assert_eq!((&receipt["title"], &receipt["orderId"]), (&json!("Concert"), &json!(order.id)));
    assert!(receipt["paidAt"].is_string());
    let statement = app.statement().await;
    assert_eq!(statement.len(), 1);
    assert_eq!((&statement[0]["proceeds"], &statement[0]["paid"]), (&usd(2500), &usd(2500)));

    let form = format!("payment_intent={}&amount=1000", intent_of(&begun));
    app.call_stripe("/v1/refunds", "sk_test_sim", form).await;
    let event = json!({"id": "evt_1", "type": "charge.refunded", "data": {"object": {"payment_intent": intent_of(&begun)}}});
    assert_eq!(app.signed("whsec_sim", &event.to_string(), 0).await.status, 200);
    assert_eq!(app.receipt(&begun).await["refunded"], usd(1000));
    assert_eq!(app.statement().await[0]["proceeds"], usd(1500));
}

/// The fees are the marketplace's: neither the receipt nor the statement contains them, and the ledger needs them to
/// match Stripe's balance.
#[tokio::test]
async fn ledger_receipt_and_statement_agree_when_stripe_takes_fees() {
    let app = TestApp::with_fees(Fees { basis_points: 290, fixed: 30, dispute: 1500 }).await;
    let (_, begun) = app.sell(VISA).await;
    let seller = Account::Seller(Some(app.seller.id));
    let agree = async |accounts: &[(Account, i64)], refunded: i64, proceeds: i64| {
        let books = app.assert_books_match_stripe(&begun).await.balances();
        assert_eq!(books, accounts.iter().copied().collect(), "{proceeds}");
        let (receipt, sale) = (app.receipt(&begun).await, app.statement().await.remove(0));
        assert_eq!((&receipt["paid"], &sale["paid"]), (&usd(2500), &usd(2500)));
        assert_eq!((&receipt["refunded"], &sale["refunded"]), (&usd(refunded), &usd(refunded)));
        assert_eq!((&sale["proceeds"], &receipt["dispute"]), (&usd(proceeds), &sale["dispute"]));
    };
    // 2.9 % and 30 cents.
    agree(&[(Account::Stripe, 2397), (Account::Fees, 103), (seller, -2500)], 0, 2500).await;

    let form = format!("payment_intent={}&amount=1000", intent_of(&begun));
    app.at_stripe("/v1/refunds", form).await;
    assert_eq!(app.post_capture_webhook("charge.refunded", &begun).await, 200);
    agree(&[(Account::Stripe, 1397), (Account::Fees, 103), (seller, -1500)], 1000, 1500).await;

    let dispute = app.dispute(&begun).await;
    assert_eq!(app.post_capture_webhook("charge.dispute.created", &begun).await, 200);
    let (fees, disputed) = ((Account::Fees, 1603), (Account::Disputes, 1500));
    agree(&[(Account::Stripe, -1603), fees, disputed, (seller, -1500)], 1000, 1500).await;

    app.at_stripe(&format!("/sim/disputes/{dispute}/lose"), String::new()).await;
    assert_eq!(app.post_capture_webhook("charge.dispute.closed", &begun).await, 200);
    agree(&[(Account::Stripe, -1603), fees], 1000, 0).await;
}

#[tokio::test]
async fn where_nothing_was_paid_there_is_no_sale() {
    let (app, order, begun) = TestApp::with_payment().await;
    assert_eq!(app.receipt(&begun).await["paid"], usd(0));
    app.deliver_order(&order, OrderStatus::Cancelled, 3).await;
    app.service.settle().await;
    assert_eq!(app.receipt(&begun).await["status"], "voided");
    assert!(app.statement().await.is_empty());
}
