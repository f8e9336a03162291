//! `ticket.reservation-refused`: the order ends before it began.

use std::convert::Infallible;

use bus::ConsumeError;
use common::event::ReservationRefused;

use crate::orders::Orders;

pub(super) async fn hear(orders: &Orders, refused: &ReservationRefused) -> Result<(), ConsumeError> {
    let step = orders
        .step(refused.order_id, |order, now| Ok::<_, Infallible>(order.lock_refused(refused.reason, now)));
    Ok(step.await?)
}
