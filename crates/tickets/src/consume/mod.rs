//! What the service does with the events that it hears.

mod order_cancelled;
mod order_completed;
mod order_created;

use bus::{Consume, Fault, Received};
use common::Fact;
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
    fn consume(&self, received: Received) -> BoxFuture<'_, Result<(), Fault>> {
        async move {
            match &received.event.fact {
                Fact::OrderCreated(order) => {
                    order_created::order_created(&self.tickets, order, received.first_tried).await
                }
                Fact::OrderCancelled(order) => order_cancelled::order_cancelled(&self.tickets, order).await,
                Fact::OrderCompleted(order) => order_completed::order_completed(&self.tickets, order).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
