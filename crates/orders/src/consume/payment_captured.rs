//! `payment.captured`: the money was taken.

use bus::ConsumeError;
use common::event::PaymentSnapshot;

use crate::domain::{Order, StepError};
use crate::orders::Orders;

pub(super) async fn hear(orders: &Orders, payment: &PaymentSnapshot) -> Result<(), ConsumeError> {
    // Unlike other events about unknown orders this one is never passed over: somebody has paid.
    let decide = |order: Option<&Order>| match order {
        Some(order) => order.complete(orders.now()),
        None => Err(StepError::BrokenPromise("money was captured for an unknown order")),
    };
    orders.placed.update(payment.order_id, decide).await?;
    Ok(())
}
