//! The step that takes the money.

use super::Trouble;
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

impl Payments {
    /// Captures, once: a `PaymentIntent` that was captured cannot be captured again, whatever the key.
    pub(super) async fn capture(&self, taken: &Payment, intent: &str) -> Result<(), Trouble> {
        if taken.work.attempts > 1 && self.is_settled(taken, intent).await? {
            return Ok(());
        }
        match self.stripe.capture(intent, &taken.idempotency_key("capture")).await {
            Ok(seen) => self.observe(taken, &seen.state).await?,
            Err(Failure::UnexpectedState) => {
                if !self.is_settled(taken, intent).await? {
                    return Err(Failure::UnexpectedState.into());
                }
            }
            Err(Failure::Final(why)) => {
                // It may have succeeded nevertheless, by an attempt whose answer was lost.
                if !self.is_settled(taken, intent).await? {
                    self.change(taken.id, |payment, now| payment.capture_refused(why.clone(), now)).await?;
                }
            }
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }

    /// Looks whether the `PaymentIntent` is in a final state, and if so decides on it.
    pub(super) async fn is_settled(&self, taken: &Payment, intent: &str) -> Result<bool, Trouble> {
        let seen = self.stripe.retrieve(intent).await?;
        if seen.state.is_open() {
            return Ok(false);
        }
        self.observe(taken, &seen.state).await?;
        Ok(true)
    }
}
