use std::time::Duration;

use runtime::testing::Reply;

use crate::app::TestApp;

#[tokio::test]
async fn an_order_is_shown_to_its_buyer_alone() {
    let app = TestApp::start().await;
    let order = app.ordered(&app.ticket().await).await;
    let path = format!("/api/orders/{order}");
    let anonymous = app.service.anonymous().get(&path).await;
    assert_eq!((anonymous.status, anonymous.code()), (401, "not-signed-in"));
    for other in [&app.stranger, &app.seller] {
        let reply = app.service.by(other).get(&path).await;
        assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    }
    let own = app.service.by(&app.buyer).get(&path).await;
    assert_eq!(
        (own.status, own.header("etag"), own.header("cache-control")),
        (200, "\"1\"", "private, no-store")
    );
    assert_eq!(own.json["id"], order.to_string());
    let seen = app.service.by(&app.buyer).header("if-none-match", "\"1\"").get(&path).await;
    assert_eq!((seen.status, seen.body.len()), (304, 0));
}

#[tokio::test]
async fn there_is_nothing_at_other_addresses() {
    let app = TestApp::start().await;
    for path in ["/api/orders/7", "/api/orders/0192f0c0-7c1e-7e3a-8000-1234567890ab", "/api/orders/"] {
        let reply = app.service.by(&app.buyer).get(path).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{path}");
    }
    assert_eq!(app.service.anonymous().get("/api/orders/7").await.status, 401);
}

fn ids(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{reply:?}");
    let items = reply.json["items"].as_array().expect("items");
    items.iter().map(|order| order["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn own_orders_are_listed_newest_first_in_pages() {
    let app = TestApp::start().await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(app.ordered(&app.ticket().await).await.to_string());
        app.service.clock.advance(Duration::from_millis(1));
    }
    placed.reverse();
    let caller = app.service.by(&app.buyer);
    let whole = caller.get("/api/orders").await;
    assert_eq!((ids(&whole), whole.json["next"].is_null()), (placed.clone(), true));
    assert_eq!(whole.header("cache-control"), "private, no-store");

    let first = caller.get("/api/orders?limit=3").await;
    // An order placed meanwhile does not shift the second page.
    app.ordered(&app.ticket().await).await;
    let cursor = first.json["next"].as_str().expect("a cursor");
    let second = caller.get(&format!("/api/orders?limit=3&cursor={cursor}")).await;
    assert_eq!([ids(&first), ids(&second)].concat(), placed);
    assert!(second.json["next"].is_null());

    let other = app.service.by(&app.stranger);
    assert_eq!(ids(&other.get("/api/orders").await), [""; 0]);
    let reply = other.get(&format!("/api/orders?cursor={cursor}")).await;
    assert_eq!((reply.status, reply.code()), (400, "bad-cursor"), "another person's cursor");
}

#[tokio::test]
async fn a_list_needs_a_session_and_a_sensible_query() {
    let app = TestApp::start().await;
    assert_eq!(app.service.anonymous().get("/api/orders").await.status, 401);
    assert_eq!(app.service.anonymous().get("/api/orders?limit=0").await.status, 401);
    let caller = app.service.by(&app.buyer);
    for (query, code) in [("limit=0", "not-valid"), ("limit=101", "not-valid"), ("cursor=x", "bad-cursor")] {
        let reply = caller.get(&format!("/api/orders?{query}")).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{query}");
    }
    assert_eq!(caller.get("/api/orders?color=green").await.status, 200);
}
