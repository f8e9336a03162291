use common::event::{CancelReason, PaymentStatus};
use orders::domain::Status;

use super::market::Market;

#[tokio::test]
async fn a_buyer_gives_an_order_up_and_may_say_so_twice() {
    let market = Market::open().await;
    let order = market.ordered(&market.ticket().await).await;
    let path = format!("/api/orders/{order}");
    for _ in 0..2 {
        let reply = market.service.by(&market.buyer).delete(&path).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0));
    }
    assert_eq!(market.stored(order).await.status, Status::Cancelled(CancelReason::ByBuyer));
    let announced = market.service.announced().await;
    let subjects: Vec<_> = announced.iter().map(|event| event.subject().as_str()).collect();
    assert_eq!(subjects, ["order.created", "order.cancelled"]);
    let shown = market.service.by(&market.buyer).get(&path).await;
    assert_eq!(
        (shown.json["status"].as_str(), shown.json["cancelReason"].as_str()),
        (Some("cancelled"), Some("by-buyer"))
    );
}

#[tokio::test]
async fn nobody_else_cancels_an_order() {
    let market = Market::open().await;
    let order = market.ordered(&market.ticket().await).await;
    let path = format!("/api/orders/{order}");
    assert_eq!(market.service.anonymous().delete(&path).await.status, 401);
    for other in [&market.stranger, &market.seller] {
        // Whoever may not see it does not learn its version either.
        let reply = market.service.by(other).header("if-match", "\"9\"").delete(&path).await;
        assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    }
    for path in ["/api/orders/7", "/api/orders/0192f0c0-7c1e-7e3a-8000-1234567890ab"] {
        assert_eq!(market.service.by(&market.buyer).delete(path).await.status, 404, "{path}");
    }
    assert_eq!(market.stored(order).await.status, Status::Created);
}

#[tokio::test]
async fn an_order_is_cancelled_only_as_it_was_seen() {
    let market = Market::open().await;
    let order = market.ordered(&market.ticket().await).await;
    let path = format!("/api/orders/{order}");
    let stale = market.service.by(&market.buyer).header("if-match", "\"2\"").delete(&path).await;
    assert_eq!((stale.status, stale.code()), (412, "version-changed"));
    let fresh = market.service.by(&market.buyer).header("if-match", "\"1\"").delete(&path).await;
    assert_eq!(fresh.status, 204);
}

#[tokio::test]
async fn from_the_fence_on_only_the_payment_decides() {
    let market = Market::open().await;
    for (reached, code, status) in [
        (PaymentStatus::Authorized, "order-paying", Status::Paying),
        (PaymentStatus::Captured, "order-complete", Status::Complete),
    ] {
        let order = market.brought_to(&market.ticket().await, reached).await;
        let path = format!("/api/orders/{order}");
        let reply = market.service.by(&market.buyer).delete(&path).await;
        assert_eq!((reply.status, reply.code()), (409, code));
        let stale = market.service.by(&market.buyer).header("if-match", "\"1\"").delete(&path).await;
        assert_eq!(stale.status, 412);
        assert_eq!(market.stored(order).await.status, status);
    }
}
