use common::event::{PaymentStatus, SessionRevoked};
use common::{Event, OrderId};
use runtime::EventStreams;
use runtime::testing::{EventStream, Message};
use serde_json::json;

use crate::app::TestApp;

fn path(order: OrderId) -> String {
    format!("/api/orders/{order}/events")
}

async fn watch(app: &TestApp, order: OrderId) -> EventStream {
    let stream = app.service.by(&app.buyer).watch(&path(order)).await;
    assert_eq!(stream.status, 200);
    stream
}

#[tokio::test]
async fn a_buyer_sees_the_present_state_and_every_change_to_the_end() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let order = app.ordered(&ticket).await;
    let mut stream = watch(&app, order).await;
    let first = stream.expect("order.created").await;
    let shown = app.service.by(&app.buyer).get(&format!("/api/orders/{order}")).await;
    assert_eq!((&first.data, first.id.as_str()), (&shown.json, "1"), "it looks like the order");

    app.reserve(&ticket, order).await;
    let mut late = watch(&app, order).await;
    app.deliver_payment(order, PaymentStatus::Authorized).await;
    app.deliver_payment(order, PaymentStatus::Captured).await;
    for stream in [&mut stream, &mut late] {
        for (event, status, version) in [
            ("order.awaiting-payment", "awaiting-payment", "2"),
            ("order.payment-accepted", "paying", "3"),
            ("order.completed", "complete", "4"),
        ] {
            let message = stream.expect(event).await;
            assert_eq!((&message.data["status"], message.id.as_str()), (&json!(status), version));
        }
        assert_eq!(stream.next().await, None, "nothing more can happen");
    }
}

#[tokio::test]
async fn an_order_that_is_over_is_shown_once_and_never_again() {
    let app = TestApp::start().await;
    let order = app.ordered(&app.ticket().await).await;
    let buyer = app.service.by(&app.buyer);
    assert_eq!(buyer.delete(&format!("/api/orders/{order}")).await.status, 204);
    let mut stream = watch(&app, order).await;
    let last = stream.expect("order.cancelled").await;
    assert_eq!(last.data["cancelReason"], "by-buyer");
    assert_eq!(stream.next().await, None);
    let again = buyer.clone().header("last-event-id", &last.id).get(&path(order)).await;
    assert_eq!((again.status, again.body.len()), (204, 0));
    for other in ["1", "garbage"] {
        let again = buyer.clone().header("last-event-id", other).get(&path(order)).await;
        assert_eq!(again.status, 200, "{other}");
    }
}

#[tokio::test]
async fn an_order_is_streamed_to_its_buyer_alone() {
    let app = TestApp::start().await;
    let order = app.ordered(&app.ticket().await).await;
    let anonymous = app.service.anonymous().get(&path(order)).await;
    assert_eq!((anonymous.status, anonymous.code()), (401, "not-signed-in"));
    for other in [&app.stranger, &app.seller] {
        let reply = app.service.by(other).get(&path(order)).await;
        assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    }
    for id in ["7", "0192f0c0-7c1e-7e3a-8000-1234567890ab"] {
        let path = format!("/api/orders/{id}/events");
        let reply = app.service.by(&app.buyer).get(&path).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{id}");
        assert_eq!(app.service.anonymous().get(&path).await.status, 401, "{id}");
    }
}

#[tokio::test]
async fn a_stream_carries_its_own_order_alone() {
    let app = TestApp::start().await;
    let (ticket, other) = (app.ticket().await, app.ticket().await);
    let order = app.ordered(&ticket).await;
    let mut stream = watch(&app, order).await;
    stream.expect("order.created").await;
    let another = app.ordered(&other).await;
    app.reserve(&other, another).await;
    app.service.settle().await;
    app.reserve(&ticket, order).await;
    let next = stream.expect("order.awaiting-payment").await;
    assert_eq!(next.data["id"], order.to_string());
}

#[tokio::test]
async fn a_comment_is_sent_when_nothing_else_is_and_a_reader_may_disconnect() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let order = app.ordered(&ticket).await;
    app.reserve(&ticket, order).await;
    app.service.settle().await;
    let (mut stream, other) = (watch(&app, order).await, watch(&app, order).await);
    stream.expect("order.awaiting-payment").await;
    drop(other);
    let (message, ()) = tokio::join!(stream.next(), async {
        app.service.clock.advance(EventStreams::KEEP_ALIVE_INTERVAL);
    });
    assert_eq!(message, Some(Message::default()));
    app.deliver_payment(order, PaymentStatus::Authorized).await;
    stream.expect("order.payment-accepted").await;
}

#[tokio::test]
async fn a_session_that_ends_takes_its_streams_along() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let order = app.ordered(&ticket).await;
    let mut stream = watch(&app, order).await;
    stream.expect("order.created").await;
    let session = app.buyer.session;
    let revoked = SessionRevoked {
        session_id: session,
        user_id: app.buyer.id,
        tokens_expire_at: app.service.context.clock.now().after(std::time::Duration::from_mins(15)),
    };
    assert!(app.service.receive(session.into(), 2, Event::SessionRevoked(revoked)).await);
    assert_eq!(stream.next().await, None, "at once, without an event");
}
