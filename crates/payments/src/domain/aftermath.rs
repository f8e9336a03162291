//! What happens to the money after it was taken: it is given back by us, by somebody at Stripe, or by a bank.

use common::event::{DisputeStatus, PaymentStatus};
use common::{Decision, Event, Time};

use super::{Moved, Payment, Work};

/// Why a payment cannot be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// Nothing was taken, or not yet.
    #[error("no money was taken for this order, so none can go back; look at the order's state")]
    NothingTaken,
    /// The bank has the money.
    #[error(
        "the buyer disputes this payment, and their bank has withdrawn the money; answer the dispute at Stripe"
    )]
    Disputed,
}

impl Payment {
    /// The operator gives the money back. `Ok(None)`: it is on its way, or went back already.
    ///
    /// # Errors
    /// [`RefundRefusal`].
    pub fn refund(&self, now: Time) -> Result<Option<Decision<Self>>, RefundRefusal> {
        match self.status {
            // The buyer's bank did not take the last one.
            PaymentStatus::Refunding if self.work.due.is_none() => {
                Ok(Some(self.become_refunding(self.moved, now)))
            }
            PaymentStatus::Refunding | PaymentStatus::Refunded => Ok(None),
            PaymentStatus::Captured if self.moved.dispute.is_some_and(|is| is != DisputeStatus::Won) => {
                Err(RefundRefusal::Disputed)
            }
            PaymentStatus::Captured => Ok(Some(self.become_refunding(self.moved, now))),
            _ => Err(RefundRefusal::NothingTaken),
        }
    }

    /// Stripe does not give the money back, for good: a person must look. The next refund is another one.
    pub fn refund_refused(&self, now: Time) -> Option<Decision<Self>> {
        if self.status != PaymentStatus::Refunding || self.work.due.is_none() {
            return None;
        }
        let failed_refunds = self.failed_refunds + 1;
        Some(Decision::without_event(Self { failed_refunds, work: Work::done(), ..self.changed(now) }))
    }

    /// The money of a payment at which nothing is left to do moved. `None`: as was known.
    pub(super) fn settled_money_moved(&self, moved: Moved, now: Time) -> Option<Decision<Self>> {
        let done = self.status == PaymentStatus::Refunding && moved.is_all_refunded();
        if moved == self.moved && !done {
            return None;
        }
        match self.status {
            // It was not to be taken at all.
            PaymentStatus::Voided | PaymentStatus::Failed => Some(self.become_refunding(moved, now)),
            // Fees are told later than the capture, and concern nobody else.
            _ => Some(self.money_moved(moved, now)),
        }
    }

    /// Books what moved, and tells of what the buyer or the seller cares about.
    pub(super) fn money_moved(&self, moved: Moved, now: Time) -> Decision<Self> {
        let refund_failed = moved.refunded < self.moved.refunded;
        let status = match self.status {
            PaymentStatus::Captured | PaymentStatus::Refunding if moved.is_all_refunded() => {
                PaymentStatus::Refunded
            }
            // The bank did not take what was given back: a person must find another way, so nothing is due.
            PaymentStatus::Refunded if !moved.is_all_refunded() => PaymentStatus::Refunding,
            status => status,
        };
        let failed_refunds = self.failed_refunds + u32::from(refund_failed);
        let work = if status == self.status { self.work } else { Work::done() };
        let next = Self { status, moved, failed_refunds, work, ..self.changed(now) }.booked(now);
        let mut events = Vec::new();
        if moved.refunded != self.moved.refunded || status != self.status {
            events.push(Event::PaymentRefunded(next.snapshot()));
        }
        if moved.dispute != self.moved.dispute {
            events.push(Event::PaymentDisputed(next.snapshot()));
        }
        Decision { next, events }
    }
}

impl Moved {
    /// Whether nothing that was taken is left with us, and a refund is the reason.
    pub(super) fn is_all_refunded(&self) -> bool {
        self.taken > 0 && self.refunded > 0 && self.left() <= 0
    }
}
