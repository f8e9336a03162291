//! `payment.failed`: the money could not be taken.

use bus::Fault;
use common::event::PaymentSnapshot;

use crate::domain::Order;
use crate::orders::Orders;

pub(super) async fn hear(orders: &Orders, payment: &PaymentSnapshot) -> Result<(), Fault> {
    Ok(orders.step(payment.order_id, Order::payment_failed).await?)
}
