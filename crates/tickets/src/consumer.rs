//! The consumer: locks, releases and sells tickets as the events of orders demand.

use std::time::Duration;

use bus::{Consume, ConsumeError, Incoming};
use common::event::{OrderSnapshot, RefusalReason, Subject};
use common::{Decision, Event, Time};
use futures::future::{BoxFuture, FutureExt};
use store::{CommitError, UpdateError};

use crate::Tickets;
use crate::domain::{OrderTombstone, ReserveError, Ticket};

/// The subjects that the service subscribes to.
pub(crate) const SUBJECTS: &[Subject] =
    &[Subject::OrderCreated, Subject::OrderCancelled, Subject::OrderCompleted];

/// How long an order waits for a ticket that another order still holds. That order has ended, or this one could not
/// have been placed; its event arrives within milliseconds, or within this time if the bus is busy.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);
/// The first delay before the lock is retried.
const FIRST_RETRY_DELAY: Duration = Duration::from_millis(50);
/// The longest such delay.
const MAX_RETRY_DELAY: Duration = Duration::from_millis(500);

impl Consume for Tickets {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move { self.on_event(&incoming).await }.boxed()
    }
}

impl Tickets {
    async fn on_event(&self, incoming: &Incoming) -> Result<(), ConsumeError> {
        match &incoming.envelope.event {
            Event::OrderCreated(order) => self.on_order_created(order, incoming.first_attempt_at).await,
            Event::OrderCancelled(order) => self.on_order_cancelled(order).await,
            Event::OrderCompleted(order) => self.on_order_completed(order).await,
            // Not in `SUBJECTS`. Named, so that the compiler asks about every new event.
            Event::TicketCreated(_)
            | Event::TicketUpdated(_)
            | Event::TicketReserved(_)
            | Event::TicketReleased(_)
            | Event::TicketSold(_)
            | Event::TicketWithdrawn(_)
            | Event::TicketReservationRefused(_)
            | Event::OrderAwaitingPayment(_)
            | Event::OrderPaymentAccepted(_)
            | Event::ExpirationCompleted(_)
            | Event::PaymentStarted(_)
            | Event::PaymentAuthorized(_)
            | Event::PaymentNotAuthorized(_)
            | Event::PaymentCaptured(_)
            | Event::PaymentFailed(_)
            | Event::PaymentVoided(_)
            | Event::PaymentRefunded(_)
            | Event::PaymentDisputed(_)
            | Event::SessionRevoked(_) => Ok(()),
        }
    }

    /// Locks the ticket for the order, or refuses the order for good.
    async fn on_order_created(
        &self,
        order: &OrderSnapshot,
        first_attempt_at: Time,
    ) -> Result<(), ConsumeError> {
        // Refused before, or cancelled before this event arrived. If another process handles the cancellation between
        // this read and the lock, the ticket is locked for a cancelled order; orders then receives `ticket.reserved`
        // and publishes `order.cancelled` again.
        if self.tombstones.get(order.id).await?.is_some() {
            return Ok(());
        }
        let now = self.now();
        let reserve = |ticket: Option<&Ticket>| match ticket {
            Some(ticket) => ticket.reserve(order, now),
            None => Err(ReserveError::Refused(RefusalReason::TicketUnavailable)),
        };
        let reason = match self.store.update(order.ticket.id, reserve).await {
            Ok(_) => return Ok(()),
            Err(UpdateError::Refused(ReserveError::Refused(reason))) => reason,
            Err(UpdateError::Refused(ReserveError::Held)) => match retry_delay(now - first_attempt_at) {
                Some(delay) => return Err(ConsumeError::RetryLater(delay)),
                None => RefusalReason::TicketUnavailable,
            },
            Err(UpdateError::DuplicateKey(key)) => return Err(CommitError::DuplicateKey(key).into()),
            Err(UpdateError::Store(error)) => return Err(error.into()),
        };
        self.store_tombstone(OrderTombstone::refused(order, reason, now)).await
    }

    /// Releases the ticket, if this order holds it.
    async fn on_order_cancelled(&self, order: &OrderSnapshot) -> Result<(), ConsumeError> {
        let now = self.now();
        // Before the release, so that a late or repeated `order.created` cannot lock the ticket again.
        if self.tombstones.get(order.id).await?.is_none() {
            self.store_tombstone(OrderTombstone::cancelled(order, now)).await?;
        }
        self.store.apply(order.ticket.id, |ticket| ticket?.release(order.id, now)).await?;
        Ok(())
    }

    /// Sells the ticket to the order; records refunds and disputes when orders publishes the event again.
    async fn on_order_completed(&self, order: &OrderSnapshot) -> Result<(), ConsumeError> {
        let now = self.now();
        let ticket = self.store.apply(order.ticket.id, |ticket| ticket?.sell(order.id, now)).await?;
        let Some(ticket) = ticket.filter(|ticket| ticket.order() == Some(order.id)) else {
            // An order completes only after its lock was published, and a lock ends only with its order. The dead
            // letter shows the contradiction to an operator.
            return Err(ConsumeError::failed("an order was completed whose ticket it does not hold"));
        };
        if ticket.record_refund_or_dispute(order, now).is_some() {
            let record = |ticket: Option<&Ticket>| ticket?.record_refund_or_dispute(order, now);
            self.store.apply(order.ticket.id, record).await?;
        }
        Ok(())
    }

    /// Stores a tombstone, unless the order has one.
    async fn store_tombstone(&self, tombstone: Decision<OrderTombstone>) -> Result<(), ConsumeError> {
        match self.tombstones.commit(tombstone).await {
            Ok(_) | Err(CommitError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The delay before the next retry, which grows with the time that has passed. Returns `None` after
/// [`RELEASE_TIMEOUT`].
fn retry_delay(passed: Duration) -> Option<Duration> {
    let left = RELEASE_TIMEOUT.checked_sub(passed).filter(|left| !left.is_zero())?;
    Some((passed / 2).clamp(FIRST_RETRY_DELAY, MAX_RETRY_DELAY).min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_end_exactly_at_the_timeout() {
        let mut delays = Vec::new();
        let mut passed = Duration::ZERO;
        while let Some(next) = retry_delay(passed) {
            delays.push(next);
            passed += next;
        }
        assert_eq!(passed, RELEASE_TIMEOUT);
        let (_, but_last) = delays.split_last().expect("delays");
        assert!(but_last.is_sorted(), "{but_last:?}");
        assert_eq!((but_last.first(), but_last.last()), (Some(&FIRST_RETRY_DELAY), Some(&MAX_RETRY_DELAY)));
    }
}
