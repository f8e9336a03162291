//! The consumer: applies the events of tickets, expiration and payments to orders and to the replicas of tickets.

use std::convert::Infallible;
use std::time::Duration;

use bus::{Consume, ConsumeError, Incoming};
use common::event::{PaymentSnapshot, PaymentStatus, ReservationRefused, Subject, TicketSnapshot};
use common::{Decision, Event, OrderId, Time};
use futures::future::{BoxFuture, FutureExt};
use metrics::counter;
use tracing::warn;

use crate::Orders;
use crate::domain::{Order, PostCapture, StepError, TicketReplica};

/// The subjects that the service subscribes to.
pub(crate) const SUBJECTS: &[Subject] = &[
    Subject::TicketCreated,
    Subject::TicketUpdated,
    Subject::TicketReserved,
    Subject::TicketReleased,
    Subject::TicketSold,
    Subject::TicketWithdrawn,
    Subject::TicketReservationRefused,
    Subject::ExpirationCompleted,
    Subject::PaymentStarted,
    Subject::PaymentAuthorized,
    Subject::PaymentNotAuthorized,
    Subject::PaymentCaptured,
    Subject::PaymentFailed,
    Subject::PaymentVoided,
    Subject::PaymentRefunded,
    Subject::PaymentDisputed,
];

/// The first delay before a payment that precedes its ticket's lock is retried: locks take milliseconds.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(50);
/// The longest such delay.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);

impl Consume for Orders {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move { self.on_event(&incoming).await }.boxed()
    }
}

impl Orders {
    async fn on_event(&self, incoming: &Incoming) -> Result<(), ConsumeError> {
        match &incoming.envelope.event {
            Event::TicketReserved(ticket) => self.on_ticket_reserved(ticket).await,
            Event::TicketCreated(ticket)
            | Event::TicketUpdated(ticket)
            | Event::TicketReleased(ticket)
            | Event::TicketSold(ticket)
            | Event::TicketWithdrawn(ticket) => self.on_ticket_changed(ticket).await,
            Event::TicketReservationRefused(refused) => self.on_reservation_refused(refused).await,
            Event::ExpirationCompleted(deadline) => self.update(deadline.order_id, Order::expire).await,
            Event::PaymentStarted(payment) => {
                self.apply(payment.order_id, |order, _| order.on_payment_started()).await
            }
            Event::PaymentAuthorized(payment) => {
                self.on_payment_authorized(payment, incoming.first_attempt_at).await
            }
            Event::PaymentNotAuthorized(payment) => {
                self.apply(payment.order_id, Order::on_payment_not_authorized).await
            }
            Event::PaymentCaptured(payment) => self.on_payment_captured(payment).await,
            Event::PaymentFailed(payment) => self.update(payment.order_id, Order::on_payment_failed).await,
            Event::PaymentVoided(payment) => self.on_payment_voided(payment).await,
            Event::PaymentRefunded(payment) | Event::PaymentDisputed(payment) => {
                self.on_refund_or_dispute(payment).await
            }
            // Not in `SUBJECTS`. Named, so that the compiler asks about every new event.
            Event::OrderCreated(_)
            | Event::OrderAwaitingPayment(_)
            | Event::OrderPaymentAccepted(_)
            | Event::OrderCompleted(_)
            | Event::OrderCancelled(_)
            | Event::SessionRevoked(_) => Ok(()),
        }
    }

    /// Updates the order first, because its buyer waits; neither update depends on the other. The order decides by its
    /// own state, even if the replica has seen later versions of the ticket: it must not miss its lock.
    async fn on_ticket_reserved(&self, ticket: &TicketSnapshot) -> Result<(), ConsumeError> {
        let confirmed = match ticket.order_id {
            Some(order) => self.apply(order, Order::on_ticket_reserved).await,
            None => Err(ConsumeError::failed("a ticket was reserved without an order")),
        };
        self.on_ticket_changed(ticket).await?;
        confirmed
    }

    async fn on_ticket_changed(&self, ticket: &TicketSnapshot) -> Result<(), ConsumeError> {
        self.tickets.apply(ticket.id, |replica| TicketReplica::apply(replica, ticket)).await?;
        Ok(())
    }

    async fn on_reservation_refused(&self, refused: &ReservationRefused) -> Result<(), ConsumeError> {
        self.apply(refused.order_id, |order, now| order.on_reservation_refused(refused.reason, now)).await
    }

    /// The pivot step, retried until the ticket's lock is confirmed or the order expires.
    async fn on_payment_authorized(
        &self,
        payment: &PaymentSnapshot,
        first_attempt_at: Time,
    ) -> Result<(), ConsumeError> {
        let accept = |order: &Order, now| order.accept_payment(payment.authorized_at, now);
        self.update(payment.order_id, accept).await.map_err(|error| match error {
            // Waiting for as long as passed already doubles the delay each time; the end is never overslept.
            ConsumeError::RetryLater(until_end) => {
                let passed = self.now() - first_attempt_at;
                let delay = passed.clamp(FIRST_RETRY_DELAY, MAX_RETRY_DELAY);
                ConsumeError::RetryLater(until_end.min(delay))
            }
            error => error,
        })
    }

    /// Unlike other events, this one is not ignored if the order is unknown: a buyer has paid.
    async fn on_payment_captured(&self, payment: &PaymentSnapshot) -> Result<(), ConsumeError> {
        let complete = |order: Option<&Order>| match order {
            Some(order) => order.complete(self.now()),
            None => Err(StepError::InvariantViolation("money was captured for an unknown order")),
        };
        self.store.update(payment.order_id, complete).await?;
        Ok(())
    }

    async fn on_payment_voided(&self, payment: &PaymentSnapshot) -> Result<(), ConsumeError> {
        self.update(payment.order_id, |order, _| order.on_payment_voided().map(|()| None)).await
    }

    async fn on_refund_or_dispute(&self, payment: &PaymentSnapshot) -> Result<(), ConsumeError> {
        let whole = (payment.status == PaymentStatus::Refunded).then_some(payment.amount);
        let latest = PostCapture {
            refunded: payment.refunded.or(whole),
            dispute: payment.dispute,
            as_of: payment.version,
        };
        self.apply(payment.order_id, |order, now| order.record_refund_or_dispute(latest, now)).await
    }

    /// Updates an order by its latest state and the present time. An unknown order is ignored: its event belongs to
    /// another database.
    async fn update<E: Into<ConsumeError>>(
        &self,
        id: OrderId,
        mut decide: impl FnMut(&Order, Time) -> Result<Option<Decision<Order>>, E>,
    ) -> Result<(), ConsumeError> {
        let order = self.store.update(id, |order| order.map_or(Ok(None), |order| decide(order, self.now())));
        if order.await?.is_none() {
            warn!(order = %id, "ignored an event about an unknown order");
        }
        Ok(())
    }

    /// As [`Self::update`], for a decision that cannot be refused.
    async fn apply(
        &self,
        id: OrderId,
        mut decide: impl FnMut(&Order, Time) -> Option<Decision<Order>>,
    ) -> Result<(), ConsumeError> {
        self.update::<Infallible>(id, |order, now| Ok(decide(order, now))).await
    }
}

impl From<StepError> for ConsumeError {
    fn from(error: StepError) -> Self {
        match error {
            StepError::RetryLater(delay) => Self::RetryLater(delay),
            StepError::InvariantViolation(_) => {
                counter!("invariant_violations_total", "service" => "orders").increment(1);
                Self::failed(error)
            }
        }
    }
}
