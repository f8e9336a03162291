//! `GET /api/payments/{id}` and `GET /api/payments`

use serde_json::{Value, json};

use crate::app::TestApp;

#[tokio::test]
async fn a_payment_is_shown_to_its_buyer_alone() {
    let (app, _, begun) = TestApp::with_payment().await;
    let path = format!("/api/payments/{}", begun["id"].as_str().expect("an id"));
    let reply = app.caller().get(&path).await;
    assert_eq!((reply.status, reply.header("cache-control")), (200, "private, no-store"));
    assert!(reply.json.get("clientSecret").is_none() && reply.json.get("lastError").is_none());
    let seen = app.caller().header("if-none-match", reply.header("etag")).get(&path).await;
    assert_eq!(seen.status, 304);

    let stranger = app.service.by(&app.service.person("bob")).get(&path).await;
    assert_eq!((stranger.status, stranger.code()), (403, "not-yours"));
    assert_eq!(app.service.anonymous().get(&path).await.status, 401);
    for unknown in ["/api/payments/7", "/api/payments/0192f0c0-7c1e-7e3a-8000-1234567890ab"] {
        assert_eq!(app.caller().get(unknown).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn an_orders_payment_is_listed_to_its_buyer_alone() {
    let (app, order, begun) = TestApp::with_payment().await;
    let path = format!("/api/payments?orderId={}", order.id);
    assert_eq!(app.payment(order.id).await["id"], begun["id"]);
    let stranger = app.service.by(&app.service.person("bob")).get(&path).await;
    assert_eq!((stranger.status, &stranger.json), (200, &json!({"items": [], "next": null})));
    assert_eq!(app.service.anonymous().get(&path).await.status, 401);
    let faulty = app.caller().get("/api/payments?orderId=7").await;
    assert_eq!((faulty.status, faulty.fields()), (400, vec!["orderId"]));
}

#[tokio::test]
async fn ones_own_payments_are_listed_in_pages_newest_first() {
    let app = TestApp::start().await;
    let mut begun = Vec::new();
    for _ in 0..3 {
        let order = app.order().await;
        begun.insert(0, app.pay(&order).await.json["id"].clone());
        app.advance(std::time::Duration::from_millis(1)).await;
    }
    let ids = |page: &Value| -> Vec<Value> {
        page["items"].as_array().expect("items").iter().map(|item| item["id"].clone()).collect()
    };
    let first = app.caller().get("/api/payments?limit=2").await.json;
    let next = first["next"].as_str().expect("a cursor");
    let second = app.caller().get(&format!("/api/payments?limit=2&cursor={next}")).await.json;
    assert_eq!([ids(&first), ids(&second)].concat(), begun);
    assert_eq!(second["next"], Value::Null);
    let stranger = app.service.by(&app.service.person("bob")).get("/api/payments").await;
    assert_eq!(stranger.json, json!({"items": [], "next": null}));
    assert_eq!(app.caller().get("/api/payments?cursor=x").await.code(), "bad-cursor");
}
