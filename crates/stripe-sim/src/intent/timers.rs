//! Transitions that time alone causes: expiring authorizations, settling refunds, and disputes that open and are lost.

use std::time::Duration;

use common::Time;

use super::{CancellationReason, Context, PaymentIntent, Status, Subject, Transition};
use crate::charge::ChargeState;
use crate::event::EventType;

/// Stripe's validity of a card's authorization
/// (<https://docs.stripe.com/payments/place-a-hold-on-a-payment-method>).
const AUTHORIZATION_TIMEOUT: Duration = Duration::from_hours(7 * 24);

impl PaymentIntent {
    /// When the next time-driven transition is due.
    pub(crate) fn next_due(&self) -> Option<Time> {
        [self.expires_at(), self.refund_due(), self.card_dispute_due(), self.dispute_response_due()]
            .into_iter()
            .flatten()
            .min()
    }

    /// When the authorization expires.
    pub(crate) fn expires_at(&self) -> Option<Time> {
        let charge = self.charges.last().filter(|_| self.status == Status::RequiresCapture)?;
        Some(charge.created.after(AUTHORIZATION_TIMEOUT))
    }

    /// The first due transition.
    pub(crate) fn due_transition(&self, context: Context) -> Option<Transition> {
        let is_due = |moment: Option<Time>| moment.is_some_and(|moment| moment <= context.now);
        if is_due(self.expires_at()) {
            return self.expire(context);
        }
        if is_due(self.refund_due()) {
            return self.settle_refund(context);
        }
        if is_due(self.card_dispute_due()) {
            return self.open_card_dispute(context);
        }
        if is_due(self.dispute_response_due()) {
            return self.expire_dispute(context);
        }
        None
    }

    fn expire(&self, context: Context) -> Option<Transition> {
        let charge = self.latest_charge()?;
        let transition = self.canceled(Some(CancellationReason::Expired), ChargeState::Expired, context);
        let transition = transition.with_event(EventType::ChargeExpired, Subject::Charge(charge));
        Some(transition.with_event(EventType::Canceled, Subject::Intent))
    }
}
