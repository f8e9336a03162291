use bus::ConsumeError;
use common::event::{CancelReason, PaymentStatus};
use common::{Decision, Event};
use orders::domain::{Order, Status};

use crate::desk::Desk;
use crate::samples::payment;

#[tokio::test]
async fn a_payment_that_failed_cancels_the_order_once() {
    let (desk, id) = Desk::with_order().await;
    let order = desk.order(id).await;
    desk.commit(Decision::without_event(Order { status: Status::Paying, version: 2, ..order })).await;
    let failed = Event::PaymentFailed(payment(id, PaymentStatus::Failed));
    desk.hears([failed.clone(), failed]).await;
    assert_eq!(desk.order(id).await.status, Status::Cancelled(CancelReason::PaymentFailed));
    assert_eq!(desk.subjects().await, ["order.created", "order.cancelled"]);
}

#[tokio::test]
async fn a_complete_order_is_not_cancelled_by_a_payment_that_failed() {
    let (desk, id) = Desk::with_order().await;
    let order = desk.order(id).await;
    desk.commit(Decision::without_event(Order { status: Status::Complete, version: 2, ..order })).await;
    let heard = desk.hear(&Event::PaymentFailed(payment(id, PaymentStatus::Failed))).await;
    assert!(matches!(heard, Err(ConsumeError::Failed(_))), "{heard:?}");
    assert_eq!(desk.order(id).await.status, Status::Complete);
}
