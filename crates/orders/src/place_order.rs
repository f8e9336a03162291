//! Placing an order: decides which buyer gets the ticket.

use std::time::Duration;

use common::http::CurrentUser;
use common::{OrderId, Problem, UserId, poll_until};
use store::{CommitError, StoreError};

use crate::Orders;
use crate::domain::{Order, Refusal, TicketReplica};
use crate::http::NewOrder;
use crate::storage::ticket_key;

/// The replica lags behind the bus by milliseconds; a buyer may follow the link to a ticket as fast.
const NEW_TICKET_TIMEOUT: Duration = Duration::from_secs(1);
/// Shorter than [`NEW_TICKET_TIMEOUT`]: most differing prices are outdated ones, which no waiting helps.
const NEW_PRICE_TIMEOUT: Duration = Duration::from_millis(300);

impl Orders {
    /// Places an order, or returns the caller's own order if one of this id exists.
    ///
    /// A request that is repeated after a crash has the same id and gets the same answer, whatever the ticket's state
    /// is by then. So does one whose commit succeeded although the database reported a failure.
    pub(crate) async fn place(
        &self,
        id: OrderId,
        buyer: &CurrentUser,
        wanted: &NewOrder,
    ) -> Result<Order, Problem> {
        let problem = match self.try_place(id, buyer, wanted).await {
            Ok(order) => return Ok(order),
            Err(problem) => problem,
        };
        match self.store.get(id).await {
            Ok(Some(order)) if order.user_id == buyer.id => Ok(order),
            _ => Err(problem),
        }
    }

    async fn try_place(&self, id: OrderId, buyer: &CurrentUser, wanted: &NewOrder) -> Result<Order, Problem> {
        let ticket = self.known_ticket(wanted).await?;
        buyer.may_buy()?;
        let buyer = buyer.id;
        ticket.check_buyer(buyer)?;
        self.check_not_locked(&ticket, buyer).await?;
        let ticket = self.at_wanted_price(ticket, wanted).await?;
        let order = Order::place(id, buyer, &ticket, wanted.price, self.now(), self.hold)?;
        match self.store.commit(order).await {
            Err(CommitError::DuplicateKey(_)) => Err(self.conflict(&ticket, buyer).await?.into()),
            committed => Ok(committed?),
        }
    }

    async fn known_ticket(&self, wanted: &NewOrder) -> Result<TicketReplica, Problem> {
        let ticket = self.tickets.wait_for(wanted.ticket_id, NEW_TICKET_TIMEOUT).await?;
        ticket.ok_or_else(Problem::not_found)
    }

    /// Spares the database the commits that a known lock makes hopeless; the unique key decides in any case. The lock
    /// of a cancelled order is about to be released, so it is no obstacle.
    async fn check_not_locked(&self, ticket: &TicketReplica, buyer: UserId) -> Result<(), Problem> {
        let Some(holder) = ticket.locked_for() else { return Ok(()) };
        let holder = self.store.get_if_readable(holder).await?;
        match holder.and_then(|holder| holder.conflict_with(buyer)) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(()),
        }
    }

    async fn at_wanted_price(
        &self,
        ticket: TicketReplica,
        wanted: &NewOrder,
    ) -> Result<TicketReplica, Problem> {
        if ticket.price == wanted.price {
            return Ok(ticket);
        }
        let poll = async || {
            let ticket = self.tickets.get(ticket.id).await?;
            Ok::<_, Problem>(ticket.filter(|ticket| ticket.price == wanted.price))
        };
        Ok(poll_until(NEW_PRICE_TIMEOUT, poll).await?.ok_or(Refusal::PriceChanged)?)
    }

    /// The refusal after a duplicate key. An order that was cancelled since still held the key at the commit.
    async fn conflict(&self, ticket: &TicketReplica, buyer: UserId) -> Result<Refusal, Problem> {
        let holder = match self.store.get_by_unique_key(ticket_key(ticket.id)).await {
            // An order of another release holds the ticket all the same.
            Err(StoreError::Unreadable(_)) => None,
            holder => holder?,
        };
        let refusal = holder.and_then(|holder| holder.conflict_with(buyer));
        Ok(refusal.unwrap_or(Refusal::TicketReserved))
    }
}
