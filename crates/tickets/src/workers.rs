//! The worker that publishes tickets again: locks past their deadline, and offers whose events orders may have missed.

use std::future::ready;

use common::{Decision, Time};
use runtime::{Overdue, Worker};
use store::{Collection, StoreError};

use crate::Tickets;
use crate::domain::Ticket;
use crate::storage::index;

/// The worker.
pub(crate) fn republish(tickets: &Tickets) -> Worker {
    Republish(tickets.store.clone()).worker(tickets.clock.clone())
}

#[derive(Clone)]
struct Republish(Collection<Ticket>);

impl Overdue for Republish {
    type Document = Ticket;

    const INDEX: &'static str = index::BY_OVERDUE;

    fn collection(&self) -> &Collection<Ticket> {
        &self.0
    }

    fn due(ticket: &Ticket) -> Option<Time> {
        ticket.overdue_at()
    }

    fn decide(
        &self,
        ticket: &Ticket,
        now: Time,
    ) -> impl Future<Output = Result<Option<Decision<Ticket>>, StoreError>> + Send {
        ready(Ok(Some(ticket.republish(now))))
    }
}
