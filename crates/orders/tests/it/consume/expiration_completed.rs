use bus::ConsumeError;
use common::event::{CancelReason, DeadlinePassed};
use common::{Event, OrderId};
use orders::domain::Status;

use crate::desk::Desk;
use crate::samples::{HOLD, id, noon};

fn passed(order_id: OrderId) -> Event {
    Event::ExpirationCompleted(DeadlinePassed { order_id, expires_at: noon() })
}

#[tokio::test]
async fn an_order_expires_by_its_own_clock_and_only_once() {
    let (desk, order) = Desk::with_order().await;
    let early = desk.hear(&passed(order)).await;
    assert!(matches!(early, Err(ConsumeError::RetryLater(wait)) if wait == HOLD), "{early:?}");
    desk.clock.advance(HOLD);
    desk.hears([passed(order), passed(order)]).await;
    assert_eq!(desk.order(order).await.status, Status::Cancelled(CancelReason::Expired));
    assert_eq!(desk.subjects().await, ["order.created", "order.cancelled"]);
}

#[tokio::test]
async fn a_deadline_of_an_unknown_order_is_ignored() {
    let desk = Desk::new();
    desk.hears([passed(id(404))]).await;
    assert_eq!(desk.subjects().await, [""; 0]);
}
