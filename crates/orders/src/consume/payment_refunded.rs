//! `payment.refunded`, `payment.disputed`: money went back after it was taken.

use std::convert::Infallible;

use bus::ConsumeError;
use common::event::{PaymentSnapshot, PaymentStatus};

use crate::domain::Aftermath;
use crate::orders::Orders;

/// The order stays what it is, and says what became of the money.
pub(super) async fn hear(orders: &Orders, payment: &PaymentSnapshot) -> Result<(), ConsumeError> {
    let all = (payment.status == PaymentStatus::Refunded).then_some(payment.amount);
    let told =
        Aftermath { refunded: payment.refunded.or(all), dispute: payment.dispute, as_of: payment.version };
    let marked =
        orders.step(payment.order_id, |order, now| Ok::<_, Infallible>(order.money_went_back(told, now)));
    Ok(marked.await?)
}
