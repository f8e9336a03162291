//! The step that gives the money back.

use super::Trouble;
use crate::Payments;
use crate::domain::Payment;

impl Payments {
    /// Refunds, once: Stripe gives no more back than was taken, whatever the key.
    pub(super) async fn refund(&self, taken: &Payment, intent: &str) -> Result<(), Trouble> {
        self.stripe.refund(intent, &taken.idempotency_key("refund")).await?;
        self.change(taken.id, Payment::refunded).await?;
        Ok(())
    }
}
