//! What expiration makes of the events that it hears.

mod order_closed;
mod order_created;

use bus::{Consume, ConsumeError, Incoming};
use common::Event;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt};

use crate::deadlines::Deadlines;

/// What it listens to.
pub(crate) const SUBJECTS: &[Subject] =
    &[Subject::OrderCreated, Subject::OrderPaymentAccepted, Subject::OrderCompleted, Subject::OrderCancelled];

/// Hears the events.
pub(crate) struct Consumer(pub(crate) Deadlines);

impl Consume for Consumer {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move {
            let Self(deadlines) = self;
            match &incoming.envelope.event {
                Event::OrderCreated(order) => order_created::hear(deadlines, order).await,
                Event::OrderPaymentAccepted(order)
                | Event::OrderCompleted(order)
                | Event::OrderCancelled(order) => order_closed::hear(deadlines, order).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
