//! Every `ticket.*` that carries a ticket: keeps the replica.

use std::convert::Infallible;

use bus::Fault;
use common::event::TicketSnapshot;

use crate::domain::Ticket;
use crate::orders::Orders;

pub(super) async fn learn(orders: &Orders, told: &TicketSnapshot) -> Result<(), Fault> {
    orders.tickets.change(told.id, |known| Ok::<_, Infallible>(Ticket::learn(known, told))).await?;
    Ok(())
}
