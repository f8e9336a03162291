use std::time::Duration;

use bus::ConsumeError;
use common::event::{CancelReason, PaymentStatus, TicketStatus};
use common::{Event, OrderId};
use orders::domain::Status;

use crate::desk::Desk;
use crate::samples::{HOLD, payment, seller, then, ticket};

fn authorized(order: OrderId) -> Event {
    Event::PaymentAuthorized(payment(order, PaymentStatus::Authorized))
}

fn reserved(order: OrderId) -> Event {
    Event::TicketReserved(then(&ticket(Desk::ticket_id(), seller()), TicketStatus::Reserved, Some(order)))
}

#[tokio::test]
async fn a_payment_in_time_is_accepted_once() {
    let (desk, order) = Desk::with_order().await;
    desk.hears([reserved(order)]).await;
    desk.clock.advance(HOLD.saturating_sub(Duration::from_millis(1)));
    desk.hears([authorized(order), authorized(order)]).await;
    assert_eq!(desk.order(order).await.status, Status::Paying);
    assert_eq!(desk.subjects().await, ["order.created", "order.awaiting-payment", "order.payment-accepted"]);
}

#[tokio::test]
async fn a_late_payment_is_refused_at_the_fence_though_expiration_is_silent() {
    let (desk, order) = Desk::with_order().await;
    desk.hears([reserved(order)]).await;
    desk.clock.advance(HOLD);
    desk.hears([authorized(order)]).await;
    assert_eq!(desk.order(order).await.status, Status::Cancelled(CancelReason::Expired));
    assert_eq!(desk.subjects().await, ["order.created", "order.awaiting-payment", "order.cancelled"]);
}

#[tokio::test]
async fn a_payment_before_the_lock_waits_for_it_but_not_past_the_deadline() {
    let (desk, order) = Desk::with_order().await;
    let mut waited = Duration::ZERO;
    while waited < HOLD {
        let Err(ConsumeError::RetryLater(wait)) = desk.hear_again(&authorized(order), waited).await else {
            panic!("accepted or refused after {waited:?}")
        };
        assert!(wait >= Duration::from_millis(1) && wait <= Duration::from_secs(5), "{wait:?}");
        desk.clock.advance(wait);
        waited += wait;
    }
    assert_eq!(waited, HOLD, "the last wait ends at the deadline");
    desk.hears([authorized(order)]).await;
    assert_eq!(desk.order(order).await.status, Status::Cancelled(CancelReason::Expired));
}

#[tokio::test]
async fn a_payment_for_a_cancelled_order_is_answered_with_the_truth() {
    let (desk, order) = Desk::with_order().await;
    let placed = desk.order(order).await;
    desk.commit(placed.cancel(placed.created_at).expect("allowed").expect("a change")).await;
    desk.hears([authorized(order)]).await;
    assert_eq!(desk.subjects().await, ["order.created", "order.cancelled", "order.cancelled"]);
    assert_eq!(desk.order(order).await.status, Status::Cancelled(CancelReason::ByBuyer));
}
