//! Placing an order: who gets the ticket.

use std::time::Duration;

use common::{OrderId, Problem, UserId, poll_until};
use store::CommitError;

use crate::documents::ticket_key;
use crate::domain::{Order, Refusal, Ticket};
use crate::http::NewOrder;
use crate::orders::Orders;

/// How long a ticket that was listed a moment ago may take to be known here.
const NEW_TICKET: Duration = Duration::from_secs(1);
/// How long a price that was changed a moment ago may take to be known here.
const NEW_PRICE: Duration = Duration::from_millis(300);

impl Orders {
    /// Places an order, or finds it placed already under the same id by the caller.
    pub(crate) async fn place(
        &self,
        id: OrderId,
        buyer: UserId,
        wanted: &NewOrder,
    ) -> Result<Order, Problem> {
        let problem = match self.try_to_place(id, buyer, wanted).await {
            Ok(order) => return Ok(order),
            Err(problem) => problem,
        };
        // A request that is repeated after a crash has the same id and gets the same answer, whatever has become of
        // the ticket since. So does one whose commit went through although the database said that it had failed.
        match self.placed.get(id).await {
            Ok(Some(order)) if order.user_id == buyer => Ok(order),
            _ => Err(problem),
        }
    }

    async fn try_to_place(&self, id: OrderId, buyer: UserId, wanted: &NewOrder) -> Result<Order, Problem> {
        let ticket = self.known_ticket(wanted).await?;
        ticket.may_be_ordered_by(buyer)?;
        self.not_locked(&ticket, buyer).await?;
        let ticket = self.at_wanted_price(ticket, wanted).await?;
        let order = Order::place(id, buyer, &ticket, wanted.price, self.now(), self.hold)?;
        match self.placed.commit(order).await {
            Err(CommitError::DuplicateKey(_)) => Err(self.taken(&ticket, buyer).await?.into()),
            committed => Ok(committed?),
        }
    }

    async fn known_ticket(&self, wanted: &NewOrder) -> Result<Ticket, Problem> {
        let ticket = poll_until(NEW_TICKET, async || self.tickets.get(wanted.ticket_id).await).await?;
        ticket.ok_or_else(Problem::not_found)
    }

    /// The claim decides in any case; this spares the writer those who come while a ticket is plainly locked. A lock
    /// of a cancelled order is on its way out.
    async fn not_locked(&self, ticket: &Ticket, buyer: UserId) -> Result<(), Problem> {
        let Some(holder) = ticket.locked_for() else { return Ok(()) };
        let holder = self.placed.get(holder).await?;
        match holder.and_then(|holder| holder.stands_in_the_way_of(buyer)) {
            Some(refusal) => Err(refusal.into()),
            None => Ok(()),
        }
    }

    async fn at_wanted_price(&self, ticket: Ticket, wanted: &NewOrder) -> Result<Ticket, Problem> {
        if ticket.price == wanted.price {
            return Ok(ticket);
        }
        let look = async || {
            let ticket = self.tickets.get(ticket.id).await?;
            Ok::<_, Problem>(ticket.filter(|ticket| ticket.price == wanted.price))
        };
        Ok(poll_until(NEW_PRICE, look).await?.ok_or(Refusal::PriceChanged)?)
    }

    /// Who was faster. If that order has let go since, it still was in the way when this one was decided.
    async fn taken(&self, ticket: &Ticket, buyer: UserId) -> Result<Refusal, Problem> {
        let holder = self.placed.get_by_unique_key(ticket_key(ticket.id)).await?;
        let refusal = holder.and_then(|holder| holder.stands_in_the_way_of(buyer));
        Ok(refusal.unwrap_or(Refusal::TicketReserved))
    }
}
