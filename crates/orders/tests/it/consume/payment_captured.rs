use bus::ConsumeError;
use common::event::{CancelReason, PaymentStatus};
use common::{Event, OrderId};
use orders::domain::{Order, Status};

use crate::desk::Desk;
use crate::samples::{id, payment};

fn captured(order: OrderId) -> Event {
    Event::PaymentCaptured(payment(order, PaymentStatus::Captured))
}

/// A desk whose order has this status.
async fn desk_with(status: Status) -> (Desk, OrderId) {
    let (desk, id) = Desk::with_order().await;
    let order = desk.order(id).await;
    desk.commit(common::Decision::without_event(Order { status, version: 2, ..order })).await;
    desk.announced().await;
    (desk, id)
}

#[tokio::test]
async fn a_captured_payment_completes_the_order_once_and_a_refund_leaves_it_so() {
    let (desk, order) = desk_with(Status::Paying).await;
    desk.hears([captured(order), captured(order)]).await;
    assert_eq!(desk.order(order).await.status, Status::Complete);
    assert_eq!(desk.subjects().await, ["order.completed"]);
    desk.hears([Event::PaymentRefunded(payment(order, PaymentStatus::Refunded))]).await;
    assert_eq!(desk.order(order).await.status, Status::Complete);
}

#[tokio::test]
async fn money_that_was_taken_without_leave_is_never_passed_over() {
    for status in [Status::Created, Status::AwaitingPayment, Status::Cancelled(CancelReason::Expired)] {
        let (desk, order) = desk_with(status).await;
        let heard = desk.hear(&captured(order)).await;
        assert!(matches!(heard, Err(ConsumeError::Failed(_))), "{status:?}: {heard:?}");
        assert_eq!(desk.order(order).await.status, status);
        assert_eq!(desk.subjects().await, [""; 0]);
    }
}

#[tokio::test]
async fn money_that_was_taken_for_an_unknown_order_is_a_fault() {
    let desk = Desk::new();
    let Err(ConsumeError::Failed(cause)) = desk.hear(&captured(id(404))).await else { panic!("passed over") };
    assert_eq!(cause.to_string(), "money was captured for an unknown order");
}
