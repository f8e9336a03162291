//! `order.completed`: the ticket is the buyer's.

use std::convert::Infallible;

use bus::Fault;
use common::event::OrderSnapshot;

use crate::domain::Ticket;
use crate::tickets::Tickets;

pub(super) async fn order_completed(tickets: &Tickets, order: &OrderSnapshot) -> Result<(), Fault> {
    let now = tickets.now();
    let sell =
        |ticket: Option<&Ticket>| Ok::<_, Infallible>(ticket.and_then(|ticket| ticket.sell(order.id, now)));
    let ticket = tickets.collection.change(order.ticket.id, sell).await?;
    if ticket.and_then(|ticket| ticket.order()) == Some(order.id) {
        return Ok(());
    }
    // An order completes only after its lock was announced, and a lock ends only with its order. Nothing is decided
    // here that could be wrong twice; the dead letter shows it to a person.
    Err(Fault::failed("an order was completed whose ticket it does not hold"))
}
