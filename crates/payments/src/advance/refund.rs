//! The step that gives the money back.

use super::Trouble;
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

impl Payments {
    /// Refunds, once: Stripe gives no more back than was taken, whatever the key.
    pub(super) async fn refund(&self, taken: &Payment, intent: &str) -> Result<(), Trouble> {
        match self.stripe.refund(intent, &taken.idempotency_key("refund")).await {
            // The second: it was done by an attempt whose answer was lost.
            Ok(()) | Err(Failure::UnexpectedState) => {
                self.change(taken.id, Payment::refunded).await?;
                Ok(())
            }
            Err(failure) => Err(failure.into()),
        }
    }
}
