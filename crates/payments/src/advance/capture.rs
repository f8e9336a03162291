//! The step that takes the money.

use super::Trouble;
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

impl Payments {
    /// Captures, once: a `PaymentIntent` that was captured cannot be captured again, whatever the key.
    pub(super) async fn capture(&self, taken: &Payment, intent: &str) -> Result<Option<Payment>, Trouble> {
        if taken.work.attempts > 1
            && let Some(after) = self.settled(taken, intent).await?
        {
            return Ok(Some(after));
        }
        match self.stripe.capture(intent, &taken.idempotency_key("capture")).await {
            Ok(seen) => Ok(self.observe(taken, &seen.state).await?),
            Err(Failure::UnexpectedState) => {
                self.settled(taken, intent).await?.map(Some).ok_or_else(|| Failure::UnexpectedState.into())
            }
            // It may have succeeded nevertheless, by an attempt whose answer was lost.
            Err(Failure::Final(why)) => match self.settled(taken, intent).await? {
                Some(after) => Ok(Some(after)),
                None => {
                    Ok(self.update(taken, |payment, now| payment.capture_refused(why.clone(), now)).await?)
                }
            },
            Err(failure) => Err(failure.into()),
        }
    }

    /// Looks whether the `PaymentIntent` is in a final state, and if so decides on it; `None`: it is still open.
    pub(super) async fn settled(&self, taken: &Payment, intent: &str) -> Result<Option<Payment>, Trouble> {
        let seen = self.stripe.retrieve(intent).await?;
        if seen.state.is_open() {
            return Ok(None);
        }
        Ok(self.observe(taken, &seen.state).await?)
    }
}
