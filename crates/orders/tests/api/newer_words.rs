//! Events of newer releases, with words that this release does not know.

use common::Event;
use common::event::{
    CancelReason, DisputeStatus, PaymentSnapshot, PaymentStatus, ReservationRefused, TicketSnapshot,
    TicketStatus, Word,
};

use crate::app::TestApp;
use crate::samples::{payment, then};
use orders::domain::Status;

fn newer<T>() -> Word<T> {
    Word::Unknown("of-a-newer-release".to_owned())
}

#[tokio::test]
async fn a_ticket_of_an_unknown_status_is_not_for_sale_and_its_word_is_kept() {
    let app = TestApp::start().await;
    let listed = app.ticket().await;
    let changed = TicketSnapshot { status: newer(), version: 2, ..listed };
    app.deliver_ticket(Event::TicketUpdated, &changed).await;
    let reply = app.place(&app.buyer, &changed).await;
    assert_eq!((reply.status, reply.code()), (409, "ticket-withdrawn"));
    let record = app.service.context.store.backend().get("tickets", changed.id.into()).await;
    let record = record.expect("a database").expect("a replica");
    assert!(record.body.contains("of-a-newer-release"), "a newer release reads the word: {}", record.body);
    let again = then(&changed, TicketStatus::Available, None);
    app.deliver_ticket(Event::TicketUpdated, &again).await;
    app.ordered(&again).await;
}

#[tokio::test]
async fn a_refusal_for_an_unknown_reason_cancels_the_order_for_a_general_one() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let order = app.ordered(&ticket).await;
    let refused = ReservationRefused { ticket_id: ticket.id, order_id: order, reason: newer() };
    app.consume_all([Event::TicketReservationRefused(refused)]).await;
    assert_eq!(app.order(order).await.status, Status::Cancelled(CancelReason::TicketUnavailable));
}

#[tokio::test]
async fn a_payment_of_an_unknown_status_is_followed_by_its_subject_and_an_unknown_dispute_is_open() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let order = app.ordered(&ticket).await;
    app.reserve(&ticket, order).await;
    let at =
        |version| PaymentSnapshot { status: newer(), version, ..payment(order, PaymentStatus::Captured) };
    app.consume_all([Event::PaymentAuthorized(at(2)), Event::PaymentCaptured(at(3))]).await;
    assert_eq!(app.order(order).await.status, Status::Complete);
    let disputed = PaymentSnapshot { dispute: Some(newer()), ..at(4) };
    app.consume_all([Event::PaymentDisputed(disputed)]).await;
    assert_eq!(app.order(order).await.post_capture.dispute, Some(DisputeStatus::Open));
}
