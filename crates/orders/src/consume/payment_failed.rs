//! `payment.failed`: the money could not be taken.

use bus::ConsumeError;
use common::event::PaymentSnapshot;

use crate::domain::Order;
use crate::orders::Orders;

pub(super) async fn hear(orders: &Orders, payment: &PaymentSnapshot) -> Result<(), ConsumeError> {
    Ok(orders.step(payment.order_id, Order::payment_failed).await?)
}
