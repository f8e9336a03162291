//! What orders makes of the events that it hears.

mod expiration_completed;
mod payment_authorized;
mod payment_captured;
mod payment_failed;
mod payment_refunded;
mod payment_voided;
mod ticket;
mod ticket_reservation_refused;
mod ticket_reserved;

use bus::{Consume, ConsumeError, Incoming};
use common::Event;
use common::event::Subject;
use futures::future::{BoxFuture, FutureExt};
use metrics::counter;

use crate::domain::StepError;
use crate::orders::Orders;

/// What it listens to.
pub(crate) const SUBJECTS: &[Subject] = &[
    Subject::TicketCreated,
    Subject::TicketUpdated,
    Subject::TicketReserved,
    Subject::TicketReleased,
    Subject::TicketSold,
    Subject::TicketWithdrawn,
    Subject::TicketReservationRefused,
    Subject::ExpirationCompleted,
    Subject::PaymentAuthorized,
    Subject::PaymentCaptured,
    Subject::PaymentFailed,
    Subject::PaymentVoided,
    Subject::PaymentRefunded,
    Subject::PaymentDisputed,
];

/// Hears the events.
pub(crate) struct Consumer(pub(crate) Orders);

impl Consume for Consumer {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move { self.hear(&incoming).await }.boxed()
    }
}

impl Consumer {
    async fn hear(&self, incoming: &Incoming) -> Result<(), ConsumeError> {
        let Self(orders) = self;
        match &incoming.envelope.event {
            Event::TicketReserved(ticket) => {
                // The order first: its buyer waits for it. Neither depends on the other.
                let confirmed = ticket_reserved::hear(orders, ticket).await;
                ticket::learn(orders, ticket).await?;
                confirmed
            }
            Event::TicketCreated(ticket)
            | Event::TicketUpdated(ticket)
            | Event::TicketReleased(ticket)
            | Event::TicketSold(ticket)
            | Event::TicketWithdrawn(ticket) => ticket::learn(orders, ticket).await,
            Event::TicketReservationRefused(refused) => {
                ticket_reservation_refused::hear(orders, refused).await
            }
            Event::ExpirationCompleted(deadline) => expiration_completed::hear(orders, deadline).await,
            Event::PaymentAuthorized(payment) => {
                payment_authorized::hear(orders, payment, incoming.first_attempt_at).await
            }
            Event::PaymentCaptured(payment) => payment_captured::hear(orders, payment).await,
            Event::PaymentFailed(payment) => payment_failed::hear(orders, payment).await,
            Event::PaymentVoided(payment) => payment_voided::hear(orders, payment).await,
            Event::PaymentRefunded(payment) | Event::PaymentDisputed(payment) => {
                payment_refunded::hear(orders, payment).await
            }
            // Not subscribed to.
            Event::OrderCreated(_)
            | Event::OrderAwaitingPayment(_)
            | Event::OrderPaymentAccepted(_)
            | Event::OrderCompleted(_)
            | Event::OrderCancelled(_)
            | Event::SessionRevoked(_) => Ok(()),
        }
    }
}

impl From<StepError> for ConsumeError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::NotYet(wait) => Self::RetryLater(wait),
            StepError::BrokenPromise(_) => {
                counter!("invariant_violations_total", "service" => "orders").increment(1);
                Self::failed(error)
            }
        }
    }
}
