//! `order.cancelled`: free the ticket, if it is still held by that very order.

use std::convert::Infallible;

use bus::ConsumeError;
use common::event::OrderSnapshot;

use crate::domain::{ClosedOrder, Ticket};
use crate::tickets::Tickets;

pub(super) async fn order_cancelled(tickets: &Tickets, order: &OrderSnapshot) -> Result<(), ConsumeError> {
    let now = tickets.now();
    // Remembered before the ticket is freed, so that a late or repeated `order.created` cannot lock it again.
    if tickets.closed.get(order.id).await?.is_none() {
        tickets.close(ClosedOrder::cancelled(order, now)).await?;
    }
    let release = |ticket: Option<&Ticket>| {
        Ok::<_, Infallible>(ticket.and_then(|ticket| ticket.release(order.id, now)))
    };
    tickets.collection.update(order.ticket.id, release).await?;
    Ok(())
}
