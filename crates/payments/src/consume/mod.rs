//! What this service does with what it hears.

mod order;

use bus::{Consume, ConsumeError, Incoming};
use common::Event;
use common::event::Subject;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::Payments;

/// What this service listens to.
pub(crate) const SUBJECTS: &[Subject] = &[
    Subject::OrderCreated,
    Subject::OrderAwaitingPayment,
    Subject::OrderPaymentAccepted,
    Subject::OrderCompleted,
    Subject::OrderCancelled,
];

/// Hears events.
pub(crate) struct Consumer(pub(crate) Payments);

impl Consume for Consumer {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move {
            match &incoming.envelope.event {
                Event::OrderCreated(order)
                | Event::OrderAwaitingPayment(order)
                | Event::OrderPaymentAccepted(order)
                | Event::OrderCompleted(order)
                | Event::OrderCancelled(order) => self.0.heard_of_order(order).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
