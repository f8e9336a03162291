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

use bus::{Consume, Fault, Received};
use common::Fact;
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
    fn consume(&self, received: Received) -> BoxFuture<'_, Result<(), Fault>> {
        async move { self.hear(&received).await }.boxed()
    }
}

impl Consumer {
    async fn hear(&self, received: &Received) -> Result<(), Fault> {
        let Self(orders) = self;
        match &received.event.fact {
            Fact::TicketReserved(ticket) => {
                // The order first: its buyer waits for it. Neither depends on the other.
                let confirmed = ticket_reserved::hear(orders, ticket).await;
                ticket::learn(orders, ticket).await?;
                confirmed
            }
            Fact::TicketCreated(ticket)
            | Fact::TicketUpdated(ticket)
            | Fact::TicketReleased(ticket)
            | Fact::TicketSold(ticket)
            | Fact::TicketWithdrawn(ticket) => ticket::learn(orders, ticket).await,
            Fact::TicketReservationRefused(refused) => {
                ticket_reservation_refused::hear(orders, refused).await
            }
            Fact::ExpirationCompleted(deadline) => expiration_completed::hear(orders, deadline).await,
            Fact::PaymentAuthorized(payment) => {
                payment_authorized::hear(orders, payment, received.first_tried).await
            }
            Fact::PaymentCaptured(payment) => payment_captured::hear(orders, payment).await,
            Fact::PaymentFailed(payment) => payment_failed::hear(orders, payment).await,
            Fact::PaymentVoided(payment) => payment_voided::hear(orders, payment).await,
            Fact::PaymentRefunded(payment) | Fact::PaymentDisputed(payment) => {
                payment_refunded::hear(orders, payment).await
            }
            // Not subscribed to.
            Fact::OrderCreated(_)
            | Fact::OrderAwaitingPayment(_)
            | Fact::OrderPaymentAccepted(_)
            | Fact::OrderCompleted(_)
            | Fact::OrderCancelled(_)
            | Fact::SessionRevoked(_) => Ok(()),
        }
    }
}

impl From<StepError> for Fault {
    fn from(error: StepError) -> Self {
        match error {
            StepError::NotYet(wait) => Self::NotYet(wait),
            StepError::BrokenPromise(_) => {
                counter!("broken_promises_total", "service" => "orders").increment(1);
                Self::failed(error)
            }
        }
    }
}
