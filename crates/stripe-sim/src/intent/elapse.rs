//! What time alone brings about: authorizations that expire, refunds that settle, disputes that come and are lost.

use std::time::Duration;

use common::Time;

use super::{CancellationReason, PaymentIntent, Status, Step, Subject, Terms};
use crate::charge::ChargeState;
use crate::event::EventType;

/// A card's authorization holds for seven days
/// (<https://docs.stripe.com/payments/place-a-hold-on-a-payment-method>).
const AUTHORIZATION_HOLDS: Duration = Duration::from_hours(7 * 24);

impl PaymentIntent {
    /// When time next changes something.
    pub(crate) fn changes_at(&self) -> Option<Time> {
        [self.expires_at(), self.refund_settles_at(), self.dispute_begins_at(), self.dispute_is_lost_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// When nobody can capture any more.
    pub(crate) fn expires_at(&self) -> Option<Time> {
        let charge = self.charges.last().filter(|_| self.status == Status::RequiresCapture)?;
        Some(charge.created.after(AUTHORIZATION_HOLDS))
    }

    /// The first thing that is due; `None`: nothing is, yet.
    pub(crate) fn elapse(&self, terms: Terms) -> Option<Step> {
        let is_due = |moment: Option<Time>| moment.is_some_and(|moment| moment <= terms.now);
        if is_due(self.expires_at()) {
            return self.expire(terms);
        }
        if is_due(self.refund_settles_at()) {
            return self.settle_refund(terms);
        }
        if is_due(self.dispute_begins_at()) {
            return self.begin_dispute(terms);
        }
        if is_due(self.dispute_is_lost_at()) {
            return self.miss_deadline(terms);
        }
        None
    }

    fn expire(&self, terms: Terms) -> Option<Step> {
        let charge = self.latest_charge()?;
        let step = self.canceled(Some(CancellationReason::Expired), ChargeState::Expired, terms);
        let step = step.announcing(EventType::ChargeExpired, Subject::Charge(charge));
        Some(step.announcing(EventType::Canceled, Subject::Intent))
    }
}
