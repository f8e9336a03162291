//! What the service does with the events that it hears.

mod order_cancelled;
mod order_completed;
mod order_created;

use bus::{Consume, ConsumeError, Incoming};
use common::Event;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt};

use crate::tickets::Tickets;

/// What it listens to.
pub(crate) const SUBJECTS: &[Subject] =
    &[Subject::OrderCreated, Subject::OrderCancelled, Subject::OrderCompleted];

/// Keeps the locks in step with the orders.
pub(crate) struct Consumer {
    tickets: Tickets,
}

impl Consumer {
    pub(crate) fn new(tickets: Tickets) -> Self {
        Self { tickets }
    }
}

impl Consume for Consumer {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move {
            match &incoming.envelope.event {
                Event::OrderCreated(order) => {
                    order_created::order_created(&self.tickets, order, incoming.first_attempt_at).await
                }
                Event::OrderCancelled(order) => order_cancelled::order_cancelled(&self.tickets, order).await,
                Event::OrderCompleted(order) => order_completed::order_completed(&self.tickets, order).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
