//! Refunds and disputes: by the operator, at Stripe, or by a bank.

use common::event::{DisputeStatus, PaymentStatus};
use common::{Decision, Event, Time};

use super::{MoneyTotals, Payment, StepSchedule};

/// The reason why a payment cannot be refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefundRefusal {
    /// Nothing was captured (yet).
    #[error("no money was captured for this order, so none can be refunded; check the order's status")]
    NothingTaken,
    /// The buyer's bank has the money.
    #[error(
        "the buyer disputes this payment, and the bank has withdrawn the money; answer the dispute at Stripe"
    )]
    Disputed,
}

impl Payment {
    /// Refunds the money. Returns `None` if the refund is in progress or done.
    ///
    /// # Errors
    /// [`RefundRefusal`].
    pub fn refund(&self, now: Time) -> Result<Option<Decision<Self>>, RefundRefusal> {
        match self.status {
            // The last refund failed.
            PaymentStatus::Refunding if self.schedule.due.is_none() => {
                Ok(Some(self.become_refunding(self.totals, now)))
            }
            PaymentStatus::Refunding | PaymentStatus::Refunded => Ok(None),
            PaymentStatus::Captured if self.totals.dispute.is_some_and(|is| is != DisputeStatus::Won) => {
                Err(RefundRefusal::Disputed)
            }
            PaymentStatus::Captured => Ok(Some(self.become_refunding(self.totals, now))),
            _ => Err(RefundRefusal::NothingTaken),
        }
    }

    /// Ends the refund that Stripe refuses for good, and leaves the rest to the operator. The next refund is another
    /// one.
    pub fn refund_refused(&self, now: Time) -> Option<Decision<Self>> {
        if self.status != PaymentStatus::Refunding || self.schedule.due.is_none() {
            return None;
        }
        let (failed_refunds, schedule) = (self.failed_refunds + 1, StepSchedule::done());
        Some(Decision::without_event(Self { failed_refunds, schedule, ..self.changed(now) }))
    }

    /// Follows the totals of a payment that is over or refunding. Returns `None` if nothing changed.
    pub(super) fn on_totals(&self, totals: MoneyTotals, now: Time) -> Option<Decision<Self>> {
        let done = self.status == PaymentStatus::Refunding && totals.is_all_refunded();
        if totals == self.totals && !done {
            return None;
        }
        match self.status {
            // Captured against our decision.
            PaymentStatus::Voided | PaymentStatus::Failed => Some(self.become_refunding(totals, now)),
            _ => Some(self.record_refund_or_dispute(totals, now)),
        }
    }

    /// Books the totals. Publishes a refund and a dispute, but not a fee: Stripe reports fees later than the capture,
    /// and they concern the marketplace alone.
    fn record_refund_or_dispute(&self, totals: MoneyTotals, now: Time) -> Decision<Self> {
        let refund_failed = totals.refunded < self.totals.refunded;
        let status = match self.status {
            PaymentStatus::Captured | PaymentStatus::Refunding if totals.is_all_refunded() => {
                PaymentStatus::Refunded
            }
            // The refund failed at the bank: the operator must find another way, so nothing is due.
            PaymentStatus::Refunded if !totals.is_all_refunded() => PaymentStatus::Refunding,
            status => status,
        };
        let failed_refunds = self.failed_refunds + u32::from(refund_failed);
        let schedule = if status == self.status { self.schedule } else { StepSchedule::done() };
        let is_shown = (totals.refunded, totals.dispute, status)
            == (self.totals.refunded, self.totals.dispute, self.status);
        let unconfirmed = self.unconfirmed || !is_shown;
        let next =
            Self { status, totals, failed_refunds, unconfirmed, schedule, ..self.changed(now) }.booked(now);
        let mut events = Vec::new();
        if totals.refunded != self.totals.refunded || status != self.status {
            events.push(Event::PaymentRefunded(next.snapshot()));
        }
        if totals.dispute != self.totals.dispute {
            events.push(Event::PaymentDisputed(next.snapshot()));
        }
        Decision { next, events }
    }
}
