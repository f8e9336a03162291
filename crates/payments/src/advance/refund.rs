//! The step that gives the money back.

use common::event::PaymentStatus;

use super::Trouble;
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

impl Payments {
    /// Refunds, once: Stripe gives no more back than was taken, whatever the key.
    pub(super) async fn refund(&self, taken: &Payment, intent: &str) -> Result<(), Trouble> {
        self.stripe.refund(intent, &taken.idempotency_key("refund")).await?;
        let seen = self.stripe.retrieve(intent).await?;
        self.observe(taken, &seen.state).await?;
        let after = self.payments.get(taken.id).await?;
        if after.is_some_and(|payment| payment.status == PaymentStatus::Refunding) {
            return Err(Failure::away("the refund was accepted, and the money is still there").into());
        }
        Ok(())
    }
}
