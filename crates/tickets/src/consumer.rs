//! The consumer: locks, releases and sells tickets as the events of orders demand.

use std::time::Duration;

use bus::{Consume, ConsumeError, Incoming};
use common::event::{OrderSnapshot, RefusalReason, Subject};
use common::{Decision, Event, UserId};
use futures::future::{BoxFuture, FutureExt};
use store::{CommitError, UpdateError};

use crate::Tickets;
use crate::domain::{OrderTombstone, ReserveError, Status, Ticket};
use crate::storage::Role;

/// The subjects that the service subscribes to.
pub(crate) const SUBJECTS: &[Subject] =
    &[Subject::OrderCreated, Subject::OrderCancelled, Subject::OrderCompleted, Subject::AccountDeleted];

/// How long an order waits for a ticket that another order still holds. That order has ended, or this one could not
/// have been placed; its event arrives within milliseconds, or within this time if the bus is busy.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest number of listings read at once when an account is deleted.
const MAX_BATCH: usize = 64;

impl Consume for Tickets {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move { self.on_event(&incoming).await }.boxed()
    }
}

impl Tickets {
    async fn on_event(&self, incoming: &Incoming) -> Result<(), ConsumeError> {
        match &incoming.envelope.event {
            Event::OrderCreated(order) => self.on_order_created(order, incoming).await,
            Event::OrderCancelled(order) => self.on_order_cancelled(order, incoming).await,
            Event::OrderCompleted(order) => self.on_order_completed(order, incoming).await,
            Event::AccountDeleted(account) => self.on_account_deleted(account.user_id, incoming).await,
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
            | Event::SessionRevoked(_)
            | Event::OrderClosingAccepted(_)
            | Event::OrderClosingRefused(_)
            | Event::AccountChanged(_)
            | Event::AccountClosing(_) => Ok(()),
        }
    }

    /// Locks the ticket for the order, or refuses the order for good. The ticket must exist: its event led to the order.
    async fn on_order_created(&self, order: &OrderSnapshot, incoming: &Incoming) -> Result<(), ConsumeError> {
        // Refused before, or cancelled before this event arrived. If another process handles the cancellation between
        // this read and the lock, the ticket is locked for a cancelled order; orders then receives `ticket.reserved`
        // and publishes `order.cancelled` again.
        if let Some(tombstone) = self.tombstones.get(order.id).await? {
            return self.answer_refused(&tombstone, order).await;
        }
        let now = self.now();
        let mut is_missing = false;
        let reserve = |ticket: Option<&Ticket>| {
            is_missing = ticket.is_none();
            let refused = Err(ReserveError::Refused(RefusalReason::TicketUnavailable));
            let Some(ticket) = ticket else { return refused };
            Ok(ticket.reserve(order, now)?.or_else(|| order.overdue.then(|| ticket.answer())))
        };
        let reason = match self.store.update(order.ticket.id, reserve).await {
            Ok(_) => return Ok(()),
            Err(UpdateError::Refused(ReserveError::Refused(reason))) => reason,
            Err(UpdateError::Refused(ReserveError::Held)) => {
                match incoming.retry_delay(RELEASE_TIMEOUT, now) {
                    Some(delay) => return Err(ConsumeError::RetryLater(delay)),
                    None => RefusalReason::TicketUnavailable,
                }
            }
            Err(UpdateError::DuplicateKey(key)) => return Err(CommitError::DuplicateKey(key).into()),
            Err(UpdateError::Store(error)) => return Err(error.into()),
        };
        if is_missing {
            incoming.retry_missing(now)?;
        }
        self.store_tombstone(OrderTombstone::refused(order, reason, now)).await
    }

    /// Releases the ticket, if this order holds it. The ticket must exist: its lock would stay for ever.
    async fn on_order_cancelled(
        &self,
        order: &OrderSnapshot,
        incoming: &Incoming,
    ) -> Result<(), ConsumeError> {
        let now = self.now();
        // Before the release, so that a late or repeated `order.created` cannot lock the ticket again.
        if self.tombstones.get(order.id).await?.is_none() {
            self.store_tombstone(OrderTombstone::cancelled(order, now)).await?;
        }
        let ticket = self.store.apply(order.ticket.id, |ticket| ticket?.release(order.id, now)).await?;
        if ticket.is_none() {
            incoming.retry_missing(now)?;
        }
        Ok(())
    }

    /// Sells the ticket to the order; records refunds and disputes when orders publishes the event again.
    async fn on_order_completed(
        &self,
        order: &OrderSnapshot,
        incoming: &Incoming,
    ) -> Result<(), ConsumeError> {
        let now = self.now();
        let decide = |ticket: Option<&Ticket>| {
            let ticket = ticket?;
            let answer = || (order.overdue && ticket.order() == Some(order.id)).then(|| ticket.answer());
            ticket.sell(order.id, now).or_else(answer)
        };
        let ticket = self.store.apply(order.ticket.id, decide).await?;
        if ticket.is_none() {
            incoming.retry_missing(now)?;
        }
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

    /// Withdraws and erases the listings of a deleted account. Its orders were cancelled before, so a lock that is left is
    /// released soon; auth publishes the event again later, also for a ticket that was listed since.
    async fn on_account_deleted(&self, seller: UserId, incoming: &Incoming) -> Result<(), ConsumeError> {
        let (now, mut is_one_locked, mut cursor) = (self.now(), false, None);
        loop {
            let page =
                self.store.page(Role::Selling.tickets_of(seller).after(cursor).limit(MAX_BATCH)).await?;
            for ticket in &page.items {
                let erased = self.store.apply_from(ticket, |ticket| ticket?.erase(now)).await?;
                is_one_locked |=
                    erased.is_some_and(|ticket| matches!(ticket.status, Status::Reserved { .. }));
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        match incoming.retry_delay(RELEASE_TIMEOUT, now).filter(|_| is_one_locked) {
            Some(delay) => Err(ConsumeError::RetryLater(delay)),
            None => Ok(()),
        }
    }

    /// Publishes the refusal of an overdue order again.
    async fn answer_refused(
        &self,
        tombstone: &OrderTombstone,
        order: &OrderSnapshot,
    ) -> Result<(), ConsumeError> {
        match tombstone.answer().filter(|_| order.overdue) {
            Some(answer) => self.store_tombstone(answer).await,
            None => Ok(()),
        }
    }

    /// Stores a tombstone, unless the order has one of this version.
    async fn store_tombstone(&self, tombstone: Decision<OrderTombstone>) -> Result<(), ConsumeError> {
        match self.tombstones.commit(tombstone).await {
            Ok(_) | Err(CommitError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}
