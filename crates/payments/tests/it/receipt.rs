//! `GET /api/payments/{id}/receipt` and `GET /api/payments/statement`

use common::event::OrderStatus;
use serde_json::{Value, json};

use crate::refund::sold;
use crate::world::{VISA, World, intent_of};

impl World {
    async fn receipt(&self, begun: &Value) -> Value {
        let path = format!("/api/payments/{}/receipt", begun["id"].as_str().expect("an id"));
        let reply = self.caller().get(&path).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        let stranger = self.service.by(&self.seller).get(&path).await;
        assert_eq!(stranger.status, 403, "it is the buyer's alone");
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
    let (world, order, begun) = sold(VISA).await;
    let receipt = world.receipt(&begun).await;
    assert_eq!((&receipt["paid"], &receipt["refunded"]), (&usd(2500), &usd(0)));
    assert_eq!((&receipt["title"], &receipt["orderId"]), (&json!("Concert"), &json!(order.id)));
    assert!(receipt["paidAt"].is_string());
    let statement = world.statement().await;
    assert_eq!(statement.len(), 1);
    assert_eq!((&statement[0]["proceeds"], &statement[0]["paid"]), (&usd(2500), &usd(2500)));

    let form = format!("payment_intent={}&amount=1000", intent_of(&begun));
    world.ask_stripe("/v1/refunds", "sk_test_sim", form).await;
    let event = json!({"id": "evt_1", "type": "charge.refunded", "data": {"object": {"payment_intent": intent_of(&begun)}}});
    assert_eq!(world.signed("whsec_sim", &event.to_string(), 0).await.status, 200);
    assert_eq!(world.receipt(&begun).await["refunded"], usd(1000));
    assert_eq!(world.statement().await[0]["proceeds"], usd(1500));
}

#[tokio::test]
async fn where_nothing_was_paid_there_is_no_sale() {
    let (world, order, begun) = World::with_payment().await;
    assert_eq!(world.receipt(&begun).await["paid"], usd(0));
    world.hear(&order, OrderStatus::Cancelled, 3).await;
    world.service.settle().await;
    assert_eq!(world.receipt(&begun).await["status"], "voided");
    assert!(world.statement().await.is_empty());
}
