//! `order.completed`: the ticket is the buyer's. Orders say it again when money went back.

use std::convert::Infallible;

use bus::ConsumeError;
use common::event::OrderSnapshot;

use crate::domain::Ticket;
use crate::tickets::Tickets;

pub(super) async fn order_completed(tickets: &Tickets, order: &OrderSnapshot) -> Result<(), ConsumeError> {
    let now = tickets.now();
    let sell =
        |ticket: Option<&Ticket>| Ok::<_, Infallible>(ticket.and_then(|ticket| ticket.sell(order.id, now)));
    let ticket = tickets.collection.update(order.ticket.id, sell).await?;
    let Some(ticket) = ticket.filter(|ticket| ticket.order() == Some(order.id)) else {
        // An order completes only after its lock was announced, and a lock ends only with its order. Nothing is decided
        // here that could be wrong twice; the dead letter shows it to a person.
        return Err(ConsumeError::failed("an order was completed whose ticket it does not hold"));
    };
    if ticket.money_moved(order, now).is_some() {
        let mark = |ticket: Option<&Ticket>| {
            Ok::<_, Infallible>(ticket.and_then(|ticket| ticket.money_moved(order, now)))
        };
        tickets.collection.update_from(&ticket, mark).await?;
    }
    Ok(())
}
