//! The bank's last word about a refund.

use common::Time;

use super::RefundStatus;
use crate::balance::{Reason, Transaction};
use crate::event::EventType;
use crate::intent::{PaymentIntent, Step, Subject, Terms};

impl PaymentIntent {
    /// When the bank next has a last word.
    pub(crate) fn refund_settles_at(&self) -> Option<Time> {
        self.refunds.iter().filter_map(|refund| refund.settles).map(|(at, _)| at).min()
    }

    /// It is spoken. What fails is ours again.
    pub(crate) fn settle_refund(&self, terms: Terms) -> Option<Step> {
        let due = |settles: Option<(Time, RefundStatus)>| settles.filter(|(at, _)| *at <= terms.now);
        let index = self.refunds.iter().position(|refund| due(refund.settles).is_some())?;
        let (place, mut next) = (crate::id::place(index), self.clone());
        let refund = &mut next.refunds[index];
        let (_, status) = refund.settles.take()?;
        refund.status = status;
        let (amount, subject) = (refund.amount, Subject::Refund(place));
        let mut events = vec![(EventType::RefundUpdated, subject), (EventType::ChargeRefundUpdated, subject)];
        if status == RefundStatus::Failed {
            let reason = Reason::RefundFailure { refund: place };
            next.transactions.push(Transaction::new(reason, amount, 0, terms.now));
            events.push((EventType::RefundFailed, subject));
        }
        Some(Step { events, ..Step::of(next).showing(subject) })
    }
}
