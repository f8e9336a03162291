//! A payment: what the card processor did for an order, and what it shall do next.

mod aftermath;
mod decide;
mod intent;
mod ledger;
mod settle;
mod work;

use common::event::{OrderSnapshot, PaymentSnapshot, PaymentStatus};
use common::{Decision, Money, OrderId, PaymentId, TicketId, Time, UserId};
use serde::{Deserialize, Serialize};

pub use aftermath::RefundRefusal;
pub use intent::{CardError, ClientSecret, Intent, IntentState, Seen};
pub use ledger::{Account, Entry, Moved, Posting};
pub use work::{LEASE, Work};

/// The money side of one order. There is one per order, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id, from which every idempotency key is derived.
    pub id: PaymentId,
    /// What it pays for.
    pub order_id: OrderId,
    /// The revision of the order when the payment was begun.
    #[serde(default)]
    pub order_version: Option<u64>,
    /// What is bought.
    pub ticket_id: TicketId,
    /// Who pays.
    pub buyer_id: UserId,
    /// Who is paid, if the order told.
    #[serde(default)]
    pub seller_id: Option<UserId>,
    /// How much.
    pub amount: Money,
    /// Its state. `Capturing`, `Voiding` and `Refunding` are intentions: committed before the card processor is asked.
    pub status: PaymentStatus,
    /// The card processor's side of it, once known. Until then its creation is an intention as well.
    pub intent: Option<Intent>,
    /// Why the last card was declined, or why the capture was refused.
    pub last_error: Option<CardError>,
    /// Whether the capture was refused for good: what is left of `Capturing` is to let go of the money.
    pub giving_up: bool,
    /// What Stripe last said became of the money.
    #[serde(default)]
    pub moved: Moved,
    /// The books: entries are only ever appended.
    #[serde(default)]
    pub ledger: Vec<Entry>,
    /// How many refunds the buyer's bank did not take.
    #[serde(default)]
    pub failed_refunds: u32,
    /// What is to do, and when.
    pub work: Work,
    /// Its revision.
    pub version: u64,
    /// When it was begun.
    pub created_at: Time,
    /// When something about it last changed that its buyer can see.
    pub updated_at: Time,
}

impl Payment {
    /// Begins the payment of an order. Nobody has been asked for anything yet.
    pub fn begin(id: PaymentId, order: &OrderSnapshot, now: Time) -> Decision<Self> {
        Decision::without_event(Self {
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
            giving_up: false,
            moved: Moved::default(),
            ledger: Vec::new(),
            failed_refunds: 0,
            work: Work::at_once(now),
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// The payment of a `PaymentIntent` that we have lost the payment of. What happened meanwhile is to be looked at.
    pub fn restore(id: PaymentId, order: &OrderSnapshot, intent: Intent, now: Time) -> Decision<Self> {
        let Decision { next, .. } = Self::begin(id, order, now);
        Decision::without_event(Self { intent: Some(intent), ..next })
    }

    /// What the other services are told of it.
    pub fn snapshot(&self) -> PaymentSnapshot {
        PaymentSnapshot {
            id: self.id,
            order_id: self.order_id,
            status: self.status,
            amount: self.amount,
            refunded: (self.moved.refunded > 0)
                .then_some(Money { amount: self.moved.refunded, ..self.amount }),
            dispute: self.moved.dispute,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    /// The name of a step before the card processor: the same however often the step is repeated, unless it is known
    /// that the processor keeps an error under the former name ([`Work::key`]).
    pub fn idempotency_key(&self, step: &str) -> String {
        // A refund that the bank did not take is over: the next one is another.
        let again = match self.failed_refunds {
            0 => String::new(),
            number => format!("-after-{number}"),
        };
        match self.work.key {
            0 => format!("{}-{step}{again}", self.id),
            number => format!("{}-{step}{again}-{number}", self.id),
        }
    }

    /// Whether the next step is to ask the card processor for the `PaymentIntent`.
    pub fn is_to_be_created(&self) -> bool {
        self.intent.is_none()
            && matches!(self.status, PaymentStatus::RequiresPayment | PaymentStatus::Voiding)
    }

    /// The next revision, which the buyer can tell from this one.
    fn changed(&self, now: Time) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }

    /// The next revision, which differs only in what is to do.
    fn rescheduled(&self, work: Work) -> Decision<Self> {
        Decision::without_event(Self { version: self.version + 1, work, ..self.clone() })
    }
}

#[cfg(test)]
mod tests;
