use common::event::{PaymentStatus, SessionRevoked, TicketSnapshot, TicketStatus};
use common::{Event, OrderId};
use runtime::EventStreams;
use runtime::testing::{EventStream, Message};
use serde_json::json;

use super::market::Market;
use crate::samples::{payment, then};

fn path(order: OrderId) -> String {
    format!("/api/orders/{order}/events")
}

async fn watch(market: &Market, order: OrderId) -> EventStream {
    let stream = market.service.by(&market.buyer).watch(&path(order)).await;
    assert_eq!(stream.status, 200);
    stream
}

async fn reserved(market: &Market, ticket: &TicketSnapshot, order: OrderId) {
    let reserved = then(ticket, TicketStatus::Reserved, Some(order));
    market.hear_ticket(Event::TicketReserved(reserved.clone()), &reserved).await;
}

async fn hear_payment(
    market: &Market,
    order: OrderId,
    status: PaymentStatus,
    event: fn(common::event::PaymentSnapshot) -> Event,
) {
    let payment = payment(order, status);
    assert!(market.service.hear(payment.id.into(), 1, event(payment)).await);
}

#[tokio::test]
async fn a_buyer_sees_the_present_state_and_every_change_to_the_end() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let order = market.ordered(&ticket).await;
    let mut stream = watch(&market, order).await;
    let first = stream.expect("order.created").await;
    let shown = market.service.by(&market.buyer).get(&format!("/api/orders/{order}")).await;
    assert_eq!((&first.data, first.id.as_str()), (&shown.json, "1"), "it looks like the order");

    reserved(&market, &ticket, order).await;
    let mut late = watch(&market, order).await;
    hear_payment(&market, order, PaymentStatus::Authorized, Event::PaymentAuthorized).await;
    hear_payment(&market, order, PaymentStatus::Captured, Event::PaymentCaptured).await;
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
    let market = Market::open().await;
    let order = market.ordered(&market.ticket().await).await;
    let buyer = market.service.by(&market.buyer);
    assert_eq!(buyer.delete(&format!("/api/orders/{order}")).await.status, 204);
    let mut stream = watch(&market, order).await;
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
async fn nobody_watches_somebody_elses_order() {
    let market = Market::open().await;
    let order = market.ordered(&market.ticket().await).await;
    let anonymous = market.service.anonymous().get(&path(order)).await;
    assert_eq!((anonymous.status, anonymous.code()), (401, "not-signed-in"));
    for other in [&market.stranger, &market.seller] {
        let reply = market.service.by(other).get(&path(order)).await;
        assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    }
    for id in ["7", "0192f0c0-7c1e-7e3a-8000-1234567890ab"] {
        let path = format!("/api/orders/{id}/events");
        let reply = market.service.by(&market.buyer).get(&path).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{id}");
        assert_eq!(market.service.anonymous().get(&path).await.status, 401, "{id}");
    }
}

#[tokio::test]
async fn a_stream_tells_of_its_own_order_alone() {
    let market = Market::open().await;
    let (ticket, other) = (market.ticket().await, market.ticket().await);
    let order = market.ordered(&ticket).await;
    let mut stream = watch(&market, order).await;
    stream.expect("order.created").await;
    let another = market.ordered(&other).await;
    reserved(&market, &other, another).await;
    market.service.settle().await;
    reserved(&market, &ticket, order).await;
    let next = stream.expect("order.awaiting-payment").await;
    assert_eq!(next.data["id"], order.to_string());
}

#[tokio::test]
async fn a_comment_comes_when_nothing_else_does_and_a_reader_may_hang_up() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let order = market.ordered(&ticket).await;
    let (mut stream, other) = (watch(&market, order).await, watch(&market, order).await);
    stream.expect("order.created").await;
    drop(other);
    let (message, ()) = tokio::join!(stream.next(), async {
        market.service.clock.advance(EventStreams::KEEP_ALIVE);
    });
    assert_eq!(message, Some(Message::default()));
    reserved(&market, &ticket, order).await;
    stream.expect("order.awaiting-payment").await;
}

#[tokio::test]
async fn a_session_that_ends_takes_its_streams_along() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let order = market.ordered(&ticket).await;
    let mut stream = watch(&market, order).await;
    stream.expect("order.created").await;
    let session = market.buyer.session;
    let revoked = SessionRevoked {
        session_id: session,
        user_id: market.buyer.id,
        tokens_expire_at: market.service.context.clock.now().after(std::time::Duration::from_mins(15)),
    };
    assert!(market.service.hear(session.into(), 2, Event::SessionRevoked(revoked)).await);
    reserved(&market, &ticket, order).await;
    assert_eq!(stream.next().await, None);
}
