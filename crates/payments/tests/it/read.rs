//! `GET /api/payments/{id}` and `GET /api/payments`

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn a_payment_is_shown_to_its_buyer_alone() {
    let (world, _, begun) = World::with_payment().await;
    let path = format!("/api/payments/{}", begun["id"].as_str().expect("an id"));
    let reply = world.caller().get(&path).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "private, no-store"));
    assert!(reply.json.get("clientSecret").is_none() && reply.json.get("lastError").is_none());
    let seen = world.caller().header("if-none-match", reply.header("etag")).get(&path).await;
    assert_eq!(seen.status, 304);

    let stranger = world.service.by(&world.service.person("bob")).get(&path).await;
    assert_eq!((stranger.status, stranger.code()), (403, "not-yours"));
    assert_eq!(world.service.anonymous().get(&path).await.status, 401);
    for unknown in ["/api/payments/7", "/api/payments/0192f0c0-7c1e-7e3a-8000-1234567890ab"] {
        assert_eq!(world.caller().get(unknown).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn an_orders_payment_is_listed_to_its_buyer_alone() {
    let (world, order, begun) = World::with_payment().await;
    let path = format!("/api/payments?orderId={}", order.id);
    assert_eq!(world.payment(order.id).await["id"], begun["id"]);
    let stranger = world.service.by(&world.service.person("bob")).get(&path).await;
    assert_eq!((stranger.status, &stranger.json), (200, &json!({"items": [], "next": null})));
    assert_eq!(world.service.anonymous().get(&path).await.status, 401);
    let faulty = world.caller().get("/api/payments?orderId=7").await;
    assert_eq!((faulty.status, faulty.fields()), (400, vec!["orderId"]));
}

#[tokio::test]
async fn ones_own_payments_are_listed_in_pages_newest_first() {
    let world = World::start().await;
    let mut begun = Vec::new();
    for _ in 0..3 {
        let order = world.order().await;
        begun.insert(0, world.pay(&order).await.json["id"].clone());
        world.pass(std::time::Duration::from_millis(1)).await;
    }
    let ids = |page: &Value| -> Vec<Value> {
        page["items"].as_array().expect("items").iter().map(|item| item["id"].clone()).collect()
    };
    let first = world.caller().get("/api/payments?limit=2").await.json;
    let next = first["next"].as_str().expect("a cursor");
    let second = world.caller().get(&format!("/api/payments?limit=2&cursor={next}")).await.json;
    assert_eq!([ids(&first), ids(&second)].concat(), begun);
    assert_eq!(second["next"], Value::Null);
    let stranger = world.service.by(&world.service.person("bob")).get("/api/payments").await;
    assert_eq!(stranger.json, json!({"items": [], "next": null}));
    assert_eq!(world.caller().get("/api/payments?cursor=x").await.code(), "bad-cursor");
}
