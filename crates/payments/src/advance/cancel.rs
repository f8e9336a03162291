//! The step that lets go of the money.

use super::Trouble;
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

impl Payments {
    /// Cancels the `PaymentIntent`: of a payment that is voided, or whose capture was refused for good.
    pub(super) async fn cancel(&self, taken: &Payment, intent: &str) -> Result<(), Trouble> {
        if taken.work.attempts > 1 && self.is_settled(taken, intent).await? {
            return Ok(());
        }
        match self.stripe.cancel(intent, &taken.idempotency_key("void")).await {
            Ok(seen) => self.observe(taken, &seen.state).await?,
            Err(failure @ (Failure::UnexpectedState | Failure::Final(_))) => {
                if !self.is_settled(taken, intent).await? {
                    return Err(failure.into());
                }
            }
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }
}
