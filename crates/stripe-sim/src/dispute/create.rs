//! The buyer asks the bank for the money back.

use std::collections::BTreeMap;
use std::time::Duration;

use common::Time;

use super::{Dispute, DisputeReason, DisputeStatus};
use crate::balance::{Reason, Transaction};
use crate::card::Behaviour;
use crate::charge::ChargeState;
use crate::event::EventType;
use crate::intent::{PaymentIntent, Status, Step, Subject, Terms};

/// How soon after the capture the test cards' disputes come.
const SOON: Duration = Duration::from_secs(3);

/// How long evidence is taken; banks allow 7 to 21 days (<https://docs.stripe.com/disputes/how-disputes-work>).
const TIME_TO_ANSWER: Duration = Duration::from_hours(7 * 24);

/// Why there is nothing to dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NothingToDispute;

impl PaymentIntent {
    /// When the card that paid is known to be disputed.
    pub(crate) fn dispute_begins_at(&self) -> Option<Time> {
        let charge = self.charges.last().filter(|_| self.disputes.is_empty())?;
        match (charge.method.behaviour, charge.state) {
            (Behaviour::IsDisputed(_), ChargeState::Captured { at, .. }) if self.amount_refundable() > 0 => {
                Some(at.after(SOON))
            }
            _ => None,
        }
    }

    /// The card's dispute comes.
    pub(crate) fn begin_dispute(&self, terms: Terms) -> Option<Step> {
        match self.charges.last()?.method.behaviour {
            Behaviour::IsDisputed(reason) => self.dispute(reason, terms).ok(),
            _ => None,
        }
    }

    /// Whatever has not gone back is withdrawn until the dispute is decided.
    pub(crate) fn dispute(&self, reason: DisputeReason, terms: Terms) -> Result<Step, NothingToDispute> {
        let charge = self.latest_charge().filter(|_| self.status == Status::Succeeded);
        let charge = charge.ok_or(NothingToDispute)?;
        let amount = self.amount_refundable();
        if amount < 1 || self.disputes.iter().any(|dispute| dispute.charge == charge) {
            return Err(NothingToDispute);
        }
        let mut next = self.clone();
        let place = crate::id::place(next.disputes.len());
        next.disputes.push(Dispute {
            charge,
            amount,
            reason,
            status: DisputeStatus::NeedsResponse,
            created: terms.now,
            due_by: terms.now.after(TIME_TO_ANSWER),
            evidence: BTreeMap::new(),
            submissions: 0,
            metadata: BTreeMap::new(),
        });
        let withdrawn = Reason::Dispute { dispute: place };
        next.transactions.push(Transaction::new(withdrawn, -amount, terms.fees.dispute, terms.now));
        let subject = Subject::Dispute(place);
        Ok(Step::of(next)
            .announcing(EventType::DisputeCreated, subject)
            .announcing(EventType::DisputeFundsWithdrawn, subject)
            .showing(subject))
    }
}
