//! The consumer: applies the events of tickets, expiration and payments to orders and to the replicas of tickets.

use std::convert::Infallible;
use std::time::Duration;

use bus::{Consume, ConsumeError, Incoming};
use common::event::{
    DisputeStatus, PaymentSnapshot, PaymentStatus, ReservationRefused, Subject, TicketSnapshot,
};
use common::{Decision, Event, OrderId, Time};
use futures::future::{BoxFuture, FutureExt};
use metrics::counter;
use tracing::warn;

use crate::Orders;
use crate::domain::{Order, PostCapture, StepError, TicketReplica};
use crate::metrics::Stage;

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
    Subject::AccountClosing,
];

/// How long a payment that precedes its ticket's lock is retried: locks take milliseconds. Later the payment is
/// acknowledged, because payments publishes an authorization again until the order follows.
const LOCK_TIMEOUT: Duration = Duration::from_secs(1);

impl Consume for Orders {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move { self.on_event(&incoming).await }.boxed()
    }
}

impl Orders {
    async fn on_event(&self, incoming: &Incoming) -> Result<(), ConsumeError> {
        match &incoming.envelope.event {
            Event::TicketReserved(ticket) => self.on_ticket_reserved(ticket, incoming).await,
            Event::TicketCreated(ticket) => self.on_ticket_created(ticket).await,
            Event::TicketUpdated(ticket)
            | Event::TicketReleased(ticket)
            | Event::TicketSold(ticket)
            | Event::TicketWithdrawn(ticket) => self.on_ticket_changed(ticket).await,
            Event::TicketReservationRefused(refused) => self.on_reservation_refused(refused, incoming).await,
            Event::ExpirationCompleted(deadline) => {
                self.update(deadline.order_id, incoming, Order::expire).await
            }
            Event::PaymentStarted(payment) => {
                self.apply(payment.order_id, incoming, |order, _| order.on_payment_started()).await
            }
            Event::PaymentAuthorized(payment) => self.on_payment_authorized(payment, incoming).await,
            Event::PaymentNotAuthorized(payment) => {
                self.apply(payment.order_id, incoming, Order::on_payment_not_authorized).await
            }
            Event::PaymentCaptured(payment) => self.on_payment_captured(payment, incoming).await,
            Event::PaymentFailed(payment) => {
                self.update(payment.order_id, incoming, Order::on_payment_failed).await
            }
            Event::PaymentVoided(payment) => {
                self.update(payment.order_id, incoming, |order, _| order.on_payment_voided()).await
            }
            Event::PaymentRefunded(payment) | Event::PaymentDisputed(payment) => {
                self.on_refund_or_dispute(payment, incoming).await
            }
            Event::AccountClosing(request) => self.on_account_closing(request).await,
            // Not in `SUBJECTS`. Named, so that the compiler asks about every new event.
            Event::OrderCreated(_)
            | Event::OrderAwaitingPayment(_)
            | Event::OrderPaymentAccepted(_)
            | Event::OrderCompleted(_)
            | Event::OrderCancelled(_)
            | Event::OrderClosingAccepted(_)
            | Event::OrderClosingRefused(_)
            | Event::SessionRevoked(_)
            | Event::AccountChanged(_)
            | Event::AccountDeleted(_) => Ok(()),
        }
    }

    /// Updates the order first, because its buyer waits; neither update depends on the other. The order decides by its
    /// own state, even if the replica has seen later versions of the ticket: it must not miss its lock.
    async fn on_ticket_reserved(
        &self,
        ticket: &TicketSnapshot,
        incoming: &Incoming,
    ) -> Result<(), ConsumeError> {
        let confirmed = match ticket.order_id {
            Some(order) if self.is_for_closed_account(order, ticket.seller_id).await? => {
                self.apply(order, incoming, Order::close_account).await
            }
            Some(order) => self.apply(order, incoming, Order::on_ticket_reserved).await,
            None => Err(ConsumeError::failed("a ticket was reserved without an order")),
        };
        self.on_ticket_changed(ticket).await?;
        confirmed
    }

    async fn on_ticket_created(&self, ticket: &TicketSnapshot) -> Result<(), ConsumeError> {
        self.tickets.create_or_apply(ticket.id, |replica| TicketReplica::apply(replica, ticket)).await?;
        Ok(())
    }

    async fn on_ticket_changed(&self, ticket: &TicketSnapshot) -> Result<(), ConsumeError> {
        self.tickets.apply_newer(ticket.id, |replica| TicketReplica::apply(replica, ticket)).await?;
        Ok(())
    }

    async fn on_reservation_refused(
        &self,
        refused: &ReservationRefused,
        incoming: &Incoming,
    ) -> Result<(), ConsumeError> {
        let refuse = |order: &Order, now| order.on_reservation_refused(&refused.reason, now);
        self.apply(refused.order_id, incoming, refuse).await
    }

    /// The pivot step, retried for a moment if the ticket's lock is not confirmed.
    async fn on_payment_authorized(
        &self,
        payment: &PaymentSnapshot,
        incoming: &Incoming,
    ) -> Result<(), ConsumeError> {
        let accept = |order: &Order, now| match order.accept_payment(payment.authorized_at, now) {
            Err(StepError::RetryLater(until_end)) => match incoming.retry_delay(LOCK_TIMEOUT, now) {
                Some(delay) => Err(StepError::RetryLater(delay.min(until_end))),
                None => Ok(None),
            },
            decided => decided,
        };
        self.update(payment.order_id, incoming, accept).await
    }

    /// Unlike other events, this one is not ignored if the order is unknown: a buyer has paid.
    async fn on_payment_captured(
        &self,
        payment: &PaymentSnapshot,
        incoming: &Incoming,
    ) -> Result<(), ConsumeError> {
        let complete = |order: &Order, now| order.complete(now);
        match self.try_update(payment.order_id, incoming, complete).await? {
            Some(_) => Ok(()),
            None => Err(StepError::InvariantViolation("money was captured for an unknown order").into()),
        }
    }

    async fn on_refund_or_dispute(
        &self,
        payment: &PaymentSnapshot,
        incoming: &Incoming,
    ) -> Result<(), ConsumeError> {
        let whole = (payment.status == PaymentStatus::Refunded).then_some(payment.amount);
        let latest = PostCapture {
            refunded: payment.refunded.or(whole),
            dispute: payment.dispute.as_ref().map(DisputeStatus::of_word),
            as_of: payment.version,
        };
        let record = |order: &Order, now| order.record_refund_or_dispute(latest, now);
        self.apply(payment.order_id, incoming, record).await
    }

    /// Updates an order by its latest state and the present time. The order must exist, because the event followed from
    /// it. An order that stays unknown is ignored: its event belongs to another database.
    async fn update<E: Into<ConsumeError>>(
        &self,
        id: OrderId,
        incoming: &Incoming,
        decide: impl FnMut(&Order, Time) -> Result<Option<Decision<Order>>, E>,
    ) -> Result<(), ConsumeError> {
        if self.try_update(id, incoming, decide).await?.is_none() {
            warn!(order = %id, "ignored an event about an unknown order");
        }
        Ok(())
    }

    /// As [`Self::update`]. Answers the overdue state of another service if there is nothing to decide. Returns `None` if
    /// the order stays unknown.
    async fn try_update<E: Into<ConsumeError>>(
        &self,
        id: OrderId,
        incoming: &Incoming,
        mut decide: impl FnMut(&Order, Time) -> Result<Option<Decision<Order>>, E>,
    ) -> Result<Option<Order>, ConsumeError> {
        let is_overdue = incoming.envelope.event.is_overdue();
        let mut stage = None;
        let decide = |order: Option<&Order>| {
            stage = order.map(Stage::of);
            let Some(order) = order else { return Ok::<_, E>(None) };
            let answer = || order.answer().filter(|_| is_overdue);
            Ok(decide(order, self.now())?.or_else(answer))
        };
        let order = self.store.update(id, decide).await?;
        if let (Some(stage), Some(order)) = (stage, &order) {
            stage.ended(order);
        } else {
            incoming.retry_missing(self.now())?;
        }
        Ok(order)
    }

    /// As [`Self::update`], for a decision that cannot be refused.
    async fn apply(
        &self,
        id: OrderId,
        incoming: &Incoming,
        mut decide: impl FnMut(&Order, Time) -> Option<Decision<Order>>,
    ) -> Result<(), ConsumeError> {
        self.update::<Infallible>(id, incoming, |order, now| Ok(decide(order, now))).await
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
