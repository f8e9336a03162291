use super::market::Market;

#[tokio::test]
async fn an_order_is_shown_to_its_buyer_alone() {
    let market = Market::open().await;
    let order = market.ordered(&market.ticket().await).await;
    let path = format!("/api/orders/{order}");
    let anonymous = market.service.anonymous().get(&path).await;
    assert_eq!((anonymous.status, anonymous.code()), (401, "not-signed-in"));
    for other in [&market.stranger, &market.seller] {
        let reply = market.service.by(other).get(&path).await;
        assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    }
    let own = market.service.by(&market.buyer).get(&path).await;
    assert_eq!(
        (own.status, own.header("etag"), own.header("cache-control")),
        (200, "\"1\"", "private, no-store")
    );
    assert_eq!(own.json["id"], order.to_string());
    let seen = market.service.by(&market.buyer).header("if-none-match", "\"1\"").get(&path).await;
    assert_eq!((seen.status, seen.body.len()), (304, 0));
}

#[tokio::test]
async fn there_is_nothing_at_other_addresses() {
    let market = Market::open().await;
    for path in ["/api/orders/7", "/api/orders/0192f0c0-7c1e-7e3a-8000-1234567890ab", "/api/orders/"] {
        let reply = market.service.by(&market.buyer).get(path).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{path}");
    }
    assert_eq!(market.service.anonymous().get("/api/orders/7").await.status, 401);
}
