use common::event::{CancelReason, PaymentStatus};
use orders::domain::Status;

use crate::app::TestApp;

#[tokio::test]
async fn a_buyer_cancels_an_order_and_may_repeat_it() {
    let app = TestApp::start().await;
    let order = app.ordered(&app.ticket().await).await;
    let path = format!("/api/orders/{order}");
    for _ in 0..2 {
        let reply = app.service.by(&app.buyer).delete(&path).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0));
    }
    assert_eq!(app.order(order).await.status, Status::Cancelled(CancelReason::ByBuyer));
    assert_eq!(app.subjects().await, ["order.created", "order.cancelled"]);
    let shown = app.service.by(&app.buyer).get(&path).await;
    assert_eq!(
        (shown.json["status"].as_str(), shown.json["cancelReason"].as_str()),
        (Some("cancelled"), Some("by-buyer"))
    );
}

#[tokio::test]
async fn only_its_buyer_cancels_an_order() {
    let app = TestApp::start().await;
    let order = app.ordered(&app.ticket().await).await;
    let path = format!("/api/orders/{order}");
    assert_eq!(app.service.anonymous().delete(&path).await.status, 401);
    for other in [&app.stranger, &app.seller] {
        // The owner is checked before the version.
        let reply = app.service.by(other).header("if-match", "\"9\"").delete(&path).await;
        assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    }
    for path in ["/api/orders/7", "/api/orders/0192f0c0-7c1e-7e3a-8000-1234567890ab"] {
        assert_eq!(app.service.by(&app.buyer).delete(path).await.status, 404, "{path}");
    }
    assert_eq!(app.order(order).await.status, Status::Created);
}

#[tokio::test]
async fn an_order_is_cancelled_only_as_it_was_seen() {
    let app = TestApp::start().await;
    let order = app.ordered(&app.ticket().await).await;
    let path = format!("/api/orders/{order}");
    let stale = app.service.by(&app.buyer).header("if-match", "\"2\"").delete(&path).await;
    assert_eq!((stale.status, stale.code()), (412, "version-changed"));
    let fresh = app.service.by(&app.buyer).header("if-match", "\"1\"").delete(&path).await;
    assert_eq!(fresh.status, 204);
}

#[tokio::test]
async fn from_the_pivot_step_on_only_the_payment_decides() {
    let app = TestApp::start().await;
    for (reached, code, status) in [
        (PaymentStatus::Authorized, "order-paying", Status::Paying),
        (PaymentStatus::Captured, "order-complete", Status::Complete),
    ] {
        let order = app.paid(&app.ticket().await, reached).await;
        let path = format!("/api/orders/{order}");
        let reply = app.service.by(&app.buyer).delete(&path).await;
        assert_eq!((reply.status, reply.code()), (409, code));
        let stale = app.service.by(&app.buyer).header("if-match", "\"1\"").delete(&path).await;
        assert_eq!(stale.status, 412);
        assert_eq!(app.order(order).await.status, status);
    }
}
