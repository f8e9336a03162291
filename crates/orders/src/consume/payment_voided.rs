//! `payment.voided`: an authorization was given up.

use bus::ConsumeError;
use common::event::PaymentSnapshot;

use crate::orders::Orders;

pub(super) async fn hear(orders: &Orders, payment: &PaymentSnapshot) -> Result<(), ConsumeError> {
    Ok(orders.step(payment.order_id, |order, _| order.payment_voided().map(|()| None)).await?)
}
