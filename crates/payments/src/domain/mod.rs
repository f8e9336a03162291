//! A payment: its state at Stripe, and its next step.

mod intent;
mod last_poll;
mod ledger;
mod money_totals;
mod order_replica;
mod overdue;
mod post_capture;
mod schedule;
mod transitions;

use common::event::{OrderSnapshot, PaymentSnapshot, PaymentStatus, Word};
use common::{Decision, Event, Money, OrderId, PaymentId, TicketId, Time, UserId, raised_version};
use serde::{Deserialize, Serialize};

pub use intent::{CardError, ClientSecret, Intent, IntentState, IntentView};
pub use last_poll::{HINT_DELAY, LAST_POLL_DELAY, LAST_POLL_RETRY_DELAY, LastPoll};
pub use ledger::{Account, Entry, Posting};
pub use money_totals::MoneyTotals;
pub(crate) use order_replica::OrderReplica;
pub use post_capture::RefundRefusal;
pub use schedule::{LEASE, RunWhen, StepSchedule};

/// The money side of one order. An order never has a second payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The id, from which every idempotency key is derived.
    pub id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// The version of the order when the payment started.
    #[serde(default)]
    pub order_version: Option<u64>,
    /// The ticket.
    pub ticket_id: TicketId,
    /// The buyer.
    pub buyer_id: UserId,
    /// The seller, if the order named one.
    #[serde(default)]
    pub seller_id: Option<UserId>,
    /// The price.
    pub amount: Money,
    /// The status. `Capturing`, `Voiding` and `Refunding` are steps, committed before the call to Stripe.
    pub status: PaymentStatus,
    /// The `PaymentIntent`; `None` until the step that creates one is done.
    pub intent: Option<Intent>,
    /// The reason why the last card was declined, or the capture refused.
    pub last_error: Option<CardError>,
    /// Whether Stripe refused the capture for good, so that the rest of `Capturing` is to void the authorization.
    #[serde(rename = "giving_up")]
    pub abandoning: bool,
    /// Stripe's time of the authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorized_at: Option<Time>,
    /// The last poll before the order expires.
    #[serde(default)]
    pub last_poll: LastPoll,
    /// The money as Stripe last reported it.
    #[serde(rename = "moved", default)]
    pub totals: MoneyTotals,
    /// The books. **Invariant:** entries are only appended.
    #[serde(default)]
    pub ledger: Vec<Entry>,
    /// The number of refunds that failed at the buyer's bank, or that Stripe refused.
    #[serde(default)]
    pub failed_refunds: u32,
    /// Whether the order does not show the present refunds and disputes yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unconfirmed: bool,
    /// How often the present state was published again because it is overdue.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    pub republished: u32,
    /// The trace of the order, which every step continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// The next step.
    #[serde(rename = "work")]
    pub schedule: StepSchedule,
    /// The version, for optimistic concurrency.
    pub version: u64,
    /// The time of the start.
    pub created_at: Time,
    /// The time of the last change that the buyer can see.
    pub updated_at: Time,
}

impl Payment {
    /// Starts the payment of an order. No call to Stripe has been made.
    pub fn begin(id: PaymentId, order: &OrderSnapshot, now: Time) -> Decision<Self> {
        Self::started(Self {
            id,
            order_id: order.id,
            order_version: Some(order.version),
            ticket_id: order.ticket.id,
            buyer_id: order.user_id,
            seller_id: order.ticket.seller_id,
            amount: order.ticket.price,
            status: PaymentStatus::RequiresPayment,
            intent: None,
            last_error: None,
            abandoning: false,
            authorized_at: None,
            last_poll: LastPoll::NotDue,
            totals: MoneyTotals::default(),
            ledger: Vec::new(),
            failed_refunds: 0,
            unconfirmed: false,
            republished: 0,
            trace: None,
            schedule: StepSchedule::due_now(now),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Restores a lost payment from its `PaymentIntent`, above the versions that the lost one has published. The next poll
    /// finds out what happened meanwhile.
    pub fn restore(id: PaymentId, order: &OrderSnapshot, intent: Intent, now: Time) -> Decision<Self> {
        let Decision { next, .. } = Self::begin(id, order, now);
        Self::started(Self { intent: Some(intent), version: raised_version(0, now), ..next })
    }

    /// The same state at a raised version, after a restore of the database. Published while orders may wait for the payment;
    /// orders answers with its own state.
    pub fn raise(&self, version: u64, now: Time) -> Decision<Self> {
        let mut raised = Self { version, ..self.clone() };
        // The lost state may have created the `PaymentIntent`. A second attempt searches before it creates another.
        if raised.is_to_be_created() {
            raised.schedule.attempts = raised.schedule.attempts.max(1);
        }
        if !matches!(self.status, PaymentStatus::RequiresPayment | PaymentStatus::Authorized) {
            return Decision::without_event(raised);
        }
        let before = Self { version: version.saturating_sub(1), ..raised.clone() };
        before.republish(now).unwrap_or_else(|| Decision::without_event(raised))
    }

    /// Orders must know of the payment before the deadline, so that the order waits for the last poll.
    fn started(payment: Self) -> Decision<Self> {
        let event = Event::PaymentStarted(payment.snapshot());
        Decision::with_event(payment, event)
    }

    /// The public state, for the other services.
    pub fn snapshot(&self) -> PaymentSnapshot {
        PaymentSnapshot {
            id: self.id,
            order_id: self.order_id,
            status: self.status.into(),
            amount: self.amount,
            authorized_at: self.authorized_at,
            refunded: (self.totals.refunded > 0)
                .then_some(Money { amount: self.totals.refunded, ..self.amount }),
            dispute: self.totals.dispute.map(Word::from),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            overdue: false,
        }
    }

    /// The idempotency key of a step's call to Stripe: the same for every attempt, unless Stripe may keep an error under
    /// the former key ([`StepSchedule::attempt_key`]).
    pub fn idempotency_key(&self, step: &str) -> String {
        // A refund after a failed one is another refund.
        let after = match self.failed_refunds {
            0 => String::new(),
            number => format!("-after-{number}"),
        };
        match self.schedule.attempt_key {
            0 => format!("{}-{step}{after}", self.id),
            number => format!("{}-{step}{after}-{number}", self.id),
        }
    }

    /// Whether the next step is to create the `PaymentIntent`.
    pub fn is_to_be_created(&self) -> bool {
        self.intent.is_none()
            && matches!(self.status, PaymentStatus::RequiresPayment | PaymentStatus::Voiding)
    }

    /// The next version, with a change that the buyer can see.
    fn changed(&self, now: Time) -> Self {
        Self { republished: 0, version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// The next version, with another schedule.
    fn rescheduled(&self, schedule: StepSchedule) -> Decision<Self> {
        Decision::without_event(Self { version: self.version + 1, schedule, ..self.clone() })
    }
}

#[cfg(test)]
mod tests;
