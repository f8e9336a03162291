//! The bank decides.

use common::Time;

use super::DisputeStatus;
use crate::balance::{Reason, Transaction};
use crate::event::EventType;
use crate::intent::{PaymentIntent, Step, Subject, Terms};

impl PaymentIntent {
    /// When the next dispute without an answer is lost.
    pub(crate) fn dispute_is_lost_at(&self) -> Option<Time> {
        let waiting = self.disputes.iter().filter(|dispute| dispute.status == DisputeStatus::NeedsResponse);
        waiting.map(|dispute| dispute.due_by).min()
    }

    /// Nobody answered in time.
    pub(crate) fn miss_deadline(&self, terms: Terms) -> Option<Step> {
        let is_late = |dispute: &super::Dispute| {
            dispute.status == DisputeStatus::NeedsResponse && dispute.due_by <= terms.now
        };
        let index = self.disputes.iter().position(is_late)?;
        self.close_dispute(crate::id::place(index), false, terms)
    }

    /// The bank decides for us, or for the buyer; `None`: there is nothing to decide (any more).
    pub(crate) fn close_dispute(&self, place: u32, won: bool, terms: Terms) -> Option<Step> {
        let mut next = self.clone();
        let dispute = next.disputes.get_mut(place as usize).filter(|dispute| dispute.status.is_open())?;
        dispute.status = if won { DisputeStatus::Won } else { DisputeStatus::Lost };
        let (amount, subject) = (dispute.amount, Subject::Dispute(place));
        let mut events = vec![(EventType::DisputeClosed, subject)];
        if won {
            let fee = next.transaction_of(Reason::Dispute { dispute: place });
            let fee =
                fee.and_then(|withdrawn| next.transactions.get(withdrawn as usize)).map_or(0, |one| one.fee);
            let reason = Reason::DisputeReversal { dispute: place };
            next.transactions.push(Transaction::new(reason, amount, -fee, terms.now));
            events.push((EventType::DisputeFundsReinstated, subject));
        }
        Some(Step { events, ..Step::of(next).showing(subject) })
    }
}
