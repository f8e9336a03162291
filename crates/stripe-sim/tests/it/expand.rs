//! Objects in the place of their ids.

use crate::support::World;

async fn captured(world: &World) -> String {
    let id = world.authorized().await;
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await;
    id
}

#[tokio::test]
async fn paths_lead_from_object_to_object() {
    let world = World::start().await;
    let id = captured(&world).await;
    let path = format!(
        "/v1/payment_intents/{id}?expand[]=latest_charge.balance_transaction.source.payment_intent&expand[]=payment_method&expand[]=customer"
    );
    let intent = world.get(&path).await.body;
    assert_eq!(intent["payment_method"]["card"]["last4"], "4242");
    let transaction = &intent["latest_charge"]["balance_transaction"];
    assert_eq!(transaction["source"]["payment_intent"]["id"], id.as_str());
    assert!(intent["customer"].is_null());
}

#[tokio::test]
async fn commands_and_lists_expand_too() {
    let world = World::start().await;
    let id = captured(&world).await;
    let params =
        [("payment_intent", id.as_str()), ("expand[]", "charge.refunds"), ("expand[1]", "payment_intent")];
    let refund = world.post("/v1/refunds", &params).await.body;
    assert_eq!(refund["charge"]["refunds"]["data"][0]["id"], refund["id"]);
    assert_eq!(refund["payment_intent"]["id"], id.as_str());
    let list = world.get("/v1/refunds?expand[]=data.charge").await.body;
    assert_eq!(list["data"][0]["charge"]["refunded"], true);
    let plain =
        world.get(&format!("/v1/charges/{}", list["data"][0]["charge"]["id"].as_str().expect("an id"))).await;
    assert!(plain.body.get("refunds").is_none(), "only where it is asked for");
}

#[tokio::test]
async fn what_cannot_be_expanded_is_refused_before_anything_is_done() {
    let world = World::start().await;
    let id = captured(&world).await;
    for expand in [
        "amount",
        "latest_charge",
        "charge.amount",
        "data.charge",
        "charge.payment_intent.latest_charge.payment_intent.latest_charge",
    ] {
        let params = [("payment_intent", id.as_str()), ("expand[]", expand)];
        let answer = world.post("/v1/refunds", &params).await;
        assert_eq!((answer.status, &answer.body["error"]["param"]), (400, &"expand".into()), "{expand}");
    }
    assert_eq!(world.post("/v1/refunds", &[("payment_intent", &id), ("expand", "charge")]).await.status, 400);
    let message = world.get("/v1/charges?expand[]=payment_intent").await.body;
    let message = message["error"]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("'data.payment_intent'"), "{message}");
    assert_eq!(world.get("/v1/balance?expand[]=available").await.status, 400);
    let usd = common::Currency::Usd;
    assert_eq!(world.sim.refunded_total(usd).await.expect("a sum").amount, 0);
}
