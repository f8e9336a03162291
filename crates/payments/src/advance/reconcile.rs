//! The look at a `PaymentIntent` that waits for its buyer or its order: it makes up for webhooks that never come.

use super::Trouble;
use crate::Payments;
use crate::domain::Payment;

impl Payments {
    /// Asks for the present state and decides on it.
    pub(super) async fn reconcile(&self, taken: &Payment, intent: &str) -> Result<Option<Payment>, Trouble> {
        let seen = self.stripe.retrieve(intent).await?;
        Ok(self.observe(taken, &seen.state).await?)
    }
}
