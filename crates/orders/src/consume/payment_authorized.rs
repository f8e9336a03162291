//! `payment.authorized`: the fence.

use std::time::Duration;

use bus::ConsumeError;
use common::Time;
use common::event::PaymentSnapshot;

use crate::domain::Order;
use crate::orders::Orders;

/// How long to wait for the lock of the ticket at first. It is usually confirmed within milliseconds.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// How long to wait between two looks when the lock takes long.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

pub(super) async fn hear(
    orders: &Orders,
    payment: &PaymentSnapshot,
    first_attempt_at: Time,
) -> Result<(), ConsumeError> {
    let accepted = orders.step(payment.order_id, Order::accept_payment).await;
    accepted.map_err(|error| match error.into() {
        // Waiting as long as it took so far doubles the time between two looks; the deadline ends it.
        ConsumeError::RetryLater(until_deadline) => {
            let so_far = orders.now() - first_attempt_at;
            ConsumeError::RetryLater(until_deadline.min(so_far.clamp(FIRST_WAIT, LONGEST_WAIT)))
        }
        fault => fault,
    })
}
