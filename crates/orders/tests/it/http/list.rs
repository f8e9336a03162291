use std::time::Duration;

use runtime::testing::Reply;

use super::market::Market;

fn ids(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{reply:?}");
    let items = reply.json["items"].as_array().expect("items");
    items.iter().map(|order| order["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn own_orders_are_listed_newest_first_in_pages() {
    let market = Market::open().await;
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(market.ordered(&market.ticket().await).await.to_string());
        market.service.clock.advance(Duration::from_millis(1));
    }
    placed.reverse();
    let caller = market.service.by(&market.buyer);
    let whole = caller.get("/api/orders").await;
    assert_eq!((ids(&whole), whole.json["next"].is_null()), (placed.clone(), true));
    assert_eq!(whole.header("cache-control"), "private, no-store");

    let first = caller.get("/api/orders?limit=3").await;
    // What is placed meanwhile does not shift the second page.
    market.ordered(&market.ticket().await).await;
    let cursor = first.json["next"].as_str().expect("a cursor");
    let second = caller.get(&format!("/api/orders?limit=3&cursor={cursor}")).await;
    assert_eq!([ids(&first), ids(&second)].concat(), placed);
    assert!(second.json["next"].is_null());

    let other = market.service.by(&market.stranger);
    assert_eq!(ids(&other.get("/api/orders").await), [""; 0]);
    let reply = other.get(&format!("/api/orders?cursor={cursor}")).await;
    assert_eq!((reply.status, reply.code()), (400, "bad-cursor"), "another person's cursor");
}

#[tokio::test]
async fn a_list_needs_a_session_and_a_sensible_query() {
    let market = Market::open().await;
    assert_eq!(market.service.anonymous().get("/api/orders").await.status, 401);
    assert_eq!(market.service.anonymous().get("/api/orders?limit=0").await.status, 401);
    let caller = market.service.by(&market.buyer);
    for (query, code) in [("limit=0", "not-valid"), ("limit=101", "not-valid"), ("cursor=x", "bad-cursor")] {
        let reply = caller.get(&format!("/api/orders?{query}")).await;
        assert_eq!((reply.status, reply.code()), (400, code), "{query}");
    }
    assert_eq!(caller.get("/api/orders?color=green").await.status, 200);
}
