//! The step that lets go of the money.

use super::Trouble;
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

impl Payments {
    /// Cancels the `PaymentIntent`: of a payment that is voided, or whose capture was refused for good.
    pub(super) async fn cancel(&self, taken: &Payment, intent: &str) -> Result<Option<Payment>, Trouble> {
        if taken.work.attempts > 1
            && let Some(after) = self.settled(taken, intent).await?
        {
            return Ok(Some(after));
        }
        match self.stripe.cancel(intent, &taken.idempotency_key("void")).await {
            Ok(seen) => Ok(self.observe(taken, &seen.state).await?),
            Err(failure @ (Failure::UnexpectedState | Failure::Final(_))) => {
                self.settled(taken, intent).await?.map(Some).ok_or_else(|| failure.into())
            }
            Err(failure) => Err(failure.into()),
        }
    }
}
