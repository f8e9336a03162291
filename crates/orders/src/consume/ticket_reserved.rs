//! `ticket.reserved`: the lock that an order asked for.

use std::convert::Infallible;

use bus::ConsumeError;
use common::event::TicketSnapshot;

use crate::orders::Orders;

/// The step is made even if the replica has seen later versions of the ticket: the order decides by its own state,
/// and one that still waits for its lock must not miss it.
pub(super) async fn hear(orders: &Orders, ticket: &TicketSnapshot) -> Result<(), ConsumeError> {
    let Some(order) = ticket.order_id else {
        return Err(ConsumeError::failed("a ticket is said to be reserved, but not for which order"));
    };
    Ok(orders.step(order, |order, now| Ok::<_, Infallible>(order.lock_confirmed(now))).await?)
}
