//! What this service does with what it hears.

mod order;

use bus::{Consume, Fault, Received};
use common::Fact;
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
    fn consume(&self, received: Received) -> BoxFuture<'_, Result<(), Fault>> {
        async move {
            match &received.event.fact {
                Fact::OrderCreated(order)
                | Fact::OrderAwaitingPayment(order)
                | Fact::OrderPaymentAccepted(order)
                | Fact::OrderCompleted(order)
                | Fact::OrderCancelled(order) => self.0.heard_of_order(order).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
