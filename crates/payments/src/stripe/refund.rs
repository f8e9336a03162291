//! Gives back the money that was taken.

use stripe::StripeRequest;
use stripe_core::refund::CreateRefund;

use super::{Failure, Stripe, once_under};

impl Stripe {
    /// Refunds the whole amount. Stripe refuses a second time with [`Failure::UnexpectedState`].
    pub(crate) async fn refund(&self, id: &str, key: &str) -> Result<(), Failure> {
        let request = CreateRefund::new().payment_intent(id).customize().request_strategy(once_under(key)?);
        match request.send(&self.0).await?.status.as_deref() {
            // The bank did not take it; the key would only tell so again.
            Some(status @ ("failed" | "canceled")) => {
                Err(Failure::Transient { cause: format!("the refund is {status}"), kept: true })
            }
            _ => Ok(()),
        }
    }
}
