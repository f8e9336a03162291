//! Every `ticket.*` that carries a ticket: keeps the replica.

use std::convert::Infallible;

use bus::ConsumeError;
use common::event::TicketSnapshot;

use crate::domain::Ticket;
use crate::orders::Orders;

pub(super) async fn learn(orders: &Orders, told: &TicketSnapshot) -> Result<(), ConsumeError> {
    orders.tickets.update(told.id, |known| Ok::<_, Infallible>(Ticket::learn(known, told))).await?;
    Ok(())
}
