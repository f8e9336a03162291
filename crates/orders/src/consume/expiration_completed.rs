//! `expiration.completed`: a deadline has passed, if our clock agrees.

use bus::ConsumeError;
use common::event::DeadlinePassed;

use crate::domain::Order;
use crate::orders::Orders;

pub(super) async fn hear(orders: &Orders, deadline: &DeadlinePassed) -> Result<(), ConsumeError> {
    Ok(orders.step(deadline.order_id, Order::expire).await?)
}
