//! The step that gives the money back.

use common::event::PaymentStatus;

use super::{Trouble, look};
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

impl Payments {
    /// Refunds, once: Stripe gives no more back than was taken, whatever the key. What Stripe refuses for good is for a
    /// person: the buyer may have gone to their bank meanwhile, and then the bank has the money.
    pub(super) async fn refund(&self, taken: &Payment, intent: &str) -> Result<Option<Payment>, Trouble> {
        let refused = match self.stripe.refund(intent, &taken.idempotency_key("refund")).await {
            Ok(()) => None,
            Err(Failure::Final(why)) => Some(why),
            Err(failure) => return Err(failure.into()),
        };
        let seen = self.stripe.retrieve(intent).await?;
        let after = self.observe(taken, &seen.state).await?;
        let after = match (after, refused) {
            (Some(after), Some(why)) if after.status == PaymentStatus::Refunding => {
                tracing::warn!(code = why.code, "Stripe refuses the refund");
                self.change(&after, Payment::refund_refused).await?
            }
            (Some(after), None) if after.status == PaymentStatus::Refunding => {
                return Err(Failure::away("the refund was accepted, and the money is still there").into());
            }
            (after, _) => after,
        };
        if let Some(after) = &after {
            look::alert_of_refund(taken, after);
        }
        Ok(after)
    }
}
