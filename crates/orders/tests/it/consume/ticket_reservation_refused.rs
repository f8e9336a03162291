use common::Event;
use common::event::{CancelReason, RefusalReason, ReservationRefused, TicketStatus};
use orders::domain::Status;

use crate::desk::Desk;
use crate::samples::{seller, then, ticket};

fn refused(order_id: common::OrderId, reason: RefusalReason) -> Event {
    Event::TicketReservationRefused(ReservationRefused { ticket_id: Desk::ticket_id(), order_id, reason })
}

#[tokio::test]
async fn a_refused_lock_cancels_the_order_with_the_reason() {
    for (reason, why) in [
        (RefusalReason::TicketUnavailable, CancelReason::TicketUnavailable),
        (RefusalReason::PriceChanged, CancelReason::PriceChanged),
    ] {
        let (desk, order) = Desk::with_order().await;
        desk.hears([refused(order, reason), refused(order, reason)]).await;
        assert_eq!(desk.order(order).await.status, Status::Cancelled(why));
        assert_eq!(desk.subjects().await, ["order.created", "order.cancelled"]);
    }
}

#[tokio::test]
async fn a_refusal_that_comes_after_the_lock_changes_nothing() {
    let (desk, order) = Desk::with_order().await;
    let reserved = then(&ticket(Desk::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
    desk.hears([Event::TicketReserved(reserved), refused(order, RefusalReason::TicketUnavailable)]).await;
    assert_eq!(desk.order(order).await.status, Status::AwaitingPayment);
}
