//! What expiration makes of the events that it hears.

mod order_closed;
mod order_created;

use bus::{Consume, Fault, Received};
use common::Fact;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt};

use crate::deadlines::Deadlines;

/// What it listens to.
pub(crate) const SUBJECTS: &[Subject] =
    &[Subject::OrderCreated, Subject::OrderPaymentAccepted, Subject::OrderCompleted, Subject::OrderCancelled];

/// Hears the events.
pub(crate) struct Consumer(pub(crate) Deadlines);

impl Consume for Consumer {
    fn consume(&self, received: Received) -> BoxFuture<'_, Result<(), Fault>> {
        async move {
            let Self(deadlines) = self;
            match &received.event.fact {
                Fact::OrderCreated(order) => order_created::hear(deadlines, order).await,
                Fact::OrderPaymentAccepted(order)
                | Fact::OrderCompleted(order)
                | Fact::OrderCancelled(order) => order_closed::hear(deadlines, order).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
