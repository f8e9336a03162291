//! An order: one buyer's purchase of one ticket, from "buy" to its end.

use std::time::Duration;

use common::event::{
    CancelReason, DisputeStatus, OrderSnapshot, OrderStatus, OrderedTicket, RefusalReason, Word,
};
use common::{Decision, Event, Money, OrderId, Time, UserId};
use serde::{Deserialize, Serialize};

use super::{Refusal, StepError, TicketReplica};

/// One buyer's purchase of one ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The order's id.
    pub id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// The ticket, at the price that the buyer saw.
    pub ticket: OrderedTicket,
    /// The state of the purchase.
    pub status: Status,
    /// Refunds and disputes after the capture.
    #[serde(default, rename = "aftermath")]
    pub post_capture: PostCapture,
    /// The deadline: no payment that Stripe authorized later is accepted.
    pub expires_at: Time,
    /// Whether the buyer has started to pay, so that Stripe is polled once more before the order expires.
    #[serde(default)]
    pub payment_in_progress: bool,
    /// How often the present state was published again because it is overdue.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    pub republished: u32,
    /// The version, 1 when placed.
    pub version: u64,
    /// When the order was placed.
    pub created_at: Time,
    /// When the order last changed.
    pub updated_at: Time,
}

/// The time after the deadline within which payments answers whether Stripe has authorized a payment in progress. Several
/// attempts at Stripe fit in; the next buyer waits no longer.
pub const LAST_POLL_TIMEOUT: Duration = Duration::from_secs(15);

/// Refunds and disputes after the capture. Neither changes who owns the ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostCapture {
    /// How much of the price was refunded, if any.
    pub refunded: Option<Money>,
    /// The state of the buyer's dispute, if there is one.
    pub dispute: Option<DisputeStatus>,
    /// The version of the payment that is recorded here.
    pub as_of: u64,
}

/// The state of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Placed; tickets has not confirmed the lock yet.
    Created,
    /// The ticket is locked for the buyer.
    AwaitingPayment,
    /// A payment was accepted in time; its capture is pending.
    Paying,
    /// Paid; the ticket is the buyer's.
    Complete,
    /// Over without a sale.
    Cancelled(CancelReason),
}

impl Order {
    /// Places an order for `ticket` at the price that the buyer saw, to be paid within `hold`.
    ///
    /// # Errors
    /// The buyer may not have the ticket, or not at this price. Whether another order has the ticket is decided by the
    /// unique key when the order is committed.
    pub fn place(
        id: OrderId,
        buyer: UserId,
        ticket: &TicketReplica,
        price: Money,
        now: Time,
        hold: Duration,
    ) -> Result<Decision<Self>, Refusal> {
        ticket.check_buyer(buyer)?;
        if ticket.price != price {
            return Err(Refusal::PriceChanged);
        }
        let order = Self {
            id,
            user_id: buyer,
            ticket: OrderedTicket {
                id: ticket.id,
                title: ticket.title.clone(),
                price,
                seller_id: Some(ticket.seller_id),
                venue: ticket.venue.clone(),
                starts_at: ticket.starts_at,
            },
            status: Status::Created,
            post_capture: PostCapture::default(),
            expires_at: now.after(hold),
            payment_in_progress: false,
            republished: 0,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        Ok(order.published())
    }

    /// Waits for payment: tickets locked the ticket. A cancelled order is published again, because tickets has missed
    /// that event.
    pub fn on_ticket_reserved(&self, now: Time) -> Option<Decision<Self>> {
        match self.status {
            Status::Created => Some(self.transition(Status::AwaitingPayment, now)),
            Status::AwaitingPayment | Status::Paying | Status::Complete => None,
            Status::Cancelled(_) => Some(self.answered()),
        }
    }

    /// Ends an order whose ticket was not locked.
    pub fn on_reservation_refused(&self, reason: &Word<RefusalReason>, now: Time) -> Option<Decision<Self>> {
        let reason = match reason.known() {
            // Whatever the reason of a newer release, the buyer does not get the ticket.
            Some(RefusalReason::TicketUnavailable) | None => CancelReason::TicketUnavailable,
            Some(RefusalReason::PriceChanged) => CancelReason::PriceChanged,
        };
        match self.status {
            Status::Created => Some(self.transition(Status::Cancelled(reason), now)),
            // Locked meanwhile: the refusal answers an older delivery of the same event.
            Status::AwaitingPayment | Status::Paying | Status::Complete | Status::Cancelled(_) => None,
        }
    }

    /// Records that a payment is in progress. Publishes nothing, because no other service decides on it.
    pub fn on_payment_started(&self) -> Option<Decision<Self>> {
        let started = self.is_open() && !self.payment_in_progress;
        started.then(|| {
            let version = self.version + 1;
            Decision::without_event(Self { payment_in_progress: true, version, ..self.clone() })
        })
    }

    /// Ends an order that was not paid in time. Returns `Ok(None)` while the last poll of its payment is pending. An order that
    /// was cancelled before is published again, because expiration has missed that event.
    ///
    /// # Errors
    /// [`StepError::RetryLater`] before the deadline, by the clock of orders.
    pub fn expire(&self, now: Time) -> Result<Option<Decision<Self>>, StepError> {
        match self.status {
            Status::Created | Status::AwaitingPayment => {}
            Status::Cancelled(why) if why != CancelReason::Expired && now >= self.expires_at => {
                return Ok(Some(self.answered()));
            }
            Status::Paying | Status::Complete | Status::Cancelled(_) => return Ok(None),
        }
        if now < self.expires_at {
            return Err(StepError::RetryLater(self.expires_at - now));
        }
        let is_polled = self.payment_in_progress && now < self.expires_unanswered_at();
        Ok((!is_polled).then(|| self.expired(now)))
    }

    /// Ends an order whose payment was not authorized, according to the last poll. Before the deadline by the clock of
    /// orders the answer decides nothing; the order then expires after [`LAST_POLL_TIMEOUT`].
    pub fn on_payment_not_authorized(&self, now: Time) -> Option<Decision<Self>> {
        (self.is_open() && now >= self.expires_at).then(|| self.expired(now))
    }

    /// The pivot step: accepts an authorized payment if the ticket is locked, and if the deadline has not passed or
    /// Stripe authorized the payment before it. From there on the order can neither expire nor be cancelled by its
    /// buyer. A cancelled order is published again, because payments has missed that event.
    ///
    /// # Errors
    /// [`StepError::RetryLater`] while the lock is not confirmed, until the order expires.
    pub fn accept_payment(
        &self,
        authorized_at: Option<Time>,
        now: Time,
    ) -> Result<Option<Decision<Self>>, StepError> {
        let was_in_time = authorized_at.is_some_and(|at| self.is_before_deadline(at));
        let end = if was_in_time { self.expires_at.after(LAST_POLL_TIMEOUT) } else { self.expires_at };
        match self.status {
            Status::AwaitingPayment if was_in_time || now < end => {
                Ok(Some(self.transition(Status::Paying, now)))
            }
            Status::Created if now < end => Err(StepError::RetryLater(end - now)),
            Status::Created | Status::AwaitingPayment => Ok(Some(self.expired(now))),
            Status::Paying | Status::Complete => Ok(None),
            Status::Cancelled(_) => Ok(Some(self.answered())),
        }
    }

    /// Whether Stripe's time is in time. Stripe reports whole seconds, so the second of the deadline counts.
    fn is_before_deadline(&self, at_stripe: Time) -> bool {
        let second = |time: Time| time.as_millis().div_euclid(1000);
        second(at_stripe) <= second(self.expires_at)
    }

    /// Whether the order may still be paid, cancelled or expire.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.status, Status::Created | Status::AwaitingPayment)
    }

    pub(super) fn expired(&self, now: Time) -> Decision<Self> {
        self.transition(Status::Cancelled(CancelReason::Expired), now)
    }

    /// Completes an order whose payment was captured.
    ///
    /// # Errors
    /// [`StepError::InvariantViolation`] if the payment was not accepted before.
    pub fn complete(&self, now: Time) -> Result<Option<Decision<Self>>, StepError> {
        match self.status {
            Status::Paying => Ok(Some(self.transition(Status::Complete, now))),
            Status::Complete => Ok(None),
            Status::Created | Status::AwaitingPayment => Err(StepError::InvariantViolation(
                "money was captured for an order whose payment was not accepted",
            )),
            Status::Cancelled(_) => Err(StepError::InvariantViolation(
                "money was captured for a cancelled order; it must be refunded",
            )),
        }
    }

    /// Ends an order whose payment failed for good, with no money held.
    ///
    /// # Errors
    /// [`StepError::InvariantViolation`] if the money was captured before.
    pub fn on_payment_failed(&self, now: Time) -> Result<Option<Decision<Self>>, StepError> {
        match self.status {
            Status::Created | Status::AwaitingPayment | Status::Paying => {
                Ok(Some(self.transition(Status::Cancelled(CancelReason::PaymentFailed), now)))
            }
            Status::Cancelled(_) => Ok(None),
            Status::Complete => {
                Err(StepError::InvariantViolation("the payment of a complete order was reported as failed"))
            }
        }
    }

    /// Follows a void, which leaves no money held. An order that has accepted the payment is published again: the
    /// authorization ended at Stripe before payments knew of the acceptance. Payments answers the acceptance of a voided
    /// payment with its failure, which cancels the order.
    ///
    /// # Errors
    /// [`StepError::InvariantViolation`] if the money was captured before.
    pub fn on_payment_voided(&self) -> Result<Option<Decision<Self>>, StepError> {
        match self.status {
            Status::Created | Status::AwaitingPayment | Status::Cancelled(_) => Ok(None),
            Status::Paying => Ok(Some(self.answered())),
            Status::Complete => {
                Err(StepError::InvariantViolation("the payment of a complete order was reported as voided"))
            }
        }
    }

    /// Records refunds and disputes of an order that is over. Returns `None` if they are known already.
    pub fn record_refund_or_dispute(&self, latest: PostCapture, now: Time) -> Option<Decision<Self>> {
        let is_over = matches!(self.status, Status::Complete | Status::Cancelled(_));
        let known = PostCapture { as_of: latest.as_of, ..self.post_capture };
        if !is_over || latest.as_of <= self.post_capture.as_of || latest == known {
            return None;
        }
        let recorded = Self { post_capture: latest, ..self.clone() };
        Some(recorded.transition(self.status, now))
    }

    /// Cancels the order for its buyer. Returns `Ok(None)` if it is cancelled already.
    ///
    /// # Errors
    /// Refused once the payment was accepted: from there only the payment decides.
    pub fn cancel(&self, now: Time) -> Result<Option<Decision<Self>>, Refusal> {
        match self.status {
            Status::Created | Status::AwaitingPayment => {
                Ok(Some(self.transition(Status::Cancelled(CancelReason::ByBuyer), now)))
            }
            Status::Cancelled(_) => Ok(None),
            Status::Paying => Err(Refusal::Paying),
            Status::Complete => Err(Refusal::Complete),
        }
    }

    /// Ends an open order, because the account of its buyer or of the seller is closed. Returns `None` once the payment was
    /// accepted: from there only the payment decides.
    pub fn close_account(&self, now: Time) -> Option<Decision<Self>> {
        self.is_open().then(|| self.transition(Status::Cancelled(CancelReason::AccountClosed), now))
    }

    /// Whether the order excludes all others of its ticket. A complete order does so forever: a ticket is never sold
    /// twice.
    pub fn keeps_ticket(&self) -> bool {
        !matches!(self.status, Status::Cancelled(_))
    }

    /// The refusal of another order for the same ticket, as its buyer is to see it. Returns `None` for a cancelled
    /// order.
    pub fn conflict_with(&self, buyer: UserId) -> Option<Refusal> {
        match self.status {
            Status::Cancelled(_) => None,
            Status::Complete => Some(Refusal::TicketSold),
            _ if self.user_id == buyer => Some(Refusal::ReservedByYou),
            Status::Created | Status::AwaitingPayment | Status::Paying => Some(Refusal::TicketReserved),
        }
    }

    /// The status on the wire, with the reason of a cancelled order.
    pub fn wire_status(&self) -> (OrderStatus, Option<CancelReason>) {
        match self.status {
            Status::Created => (OrderStatus::Created, None),
            Status::AwaitingPayment => (OrderStatus::AwaitingPayment, None),
            Status::Paying => (OrderStatus::Paying, None),
            Status::Complete => (OrderStatus::Complete, None),
            Status::Cancelled(reason) => (OrderStatus::Cancelled, Some(reason)),
        }
    }

    /// The next state and its event.
    fn transition(&self, status: Status, now: Time) -> Decision<Self> {
        Self { status, republished: 0, version: self.version + 1, updated_at: now, ..self.clone() }
            .published()
    }

    /// This state with its event.
    pub(super) fn published(self) -> Decision<Self> {
        let event = self.event();
        Decision::with_event(self, event)
    }

    /// The event that announces the present state.
    pub fn event(&self) -> Event {
        self.event_with(self.snapshot())
    }

    /// The event of the present state, with this snapshot.
    pub(super) fn event_with(&self, snapshot: OrderSnapshot) -> Event {
        let event = match self.status {
            Status::Created => Event::OrderCreated,
            Status::AwaitingPayment => Event::OrderAwaitingPayment,
            Status::Paying => Event::OrderPaymentAccepted,
            Status::Complete => Event::OrderCompleted,
            Status::Cancelled(_) => Event::OrderCancelled,
        };
        event(snapshot)
    }

    /// The whole state, as events carry it.
    pub fn snapshot(&self) -> OrderSnapshot {
        let (status, cancel_reason) = self.wire_status();
        OrderSnapshot {
            id: self.id,
            user_id: self.user_id,
            ticket: self.ticket.clone(),
            status: status.into(),
            cancel_reason: cancel_reason.map(Word::from),
            refunded: self.post_capture.refunded,
            dispute: self.post_capture.dispute.map(Word::from),
            expires_at: self.expires_at,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            overdue: false,
        }
    }
}
