//! Gives back the money that was taken.

use stripe_client_core::StripeRequest;
use stripe_core::refund::CreateRefund;

use super::{Failure, Stripe, once_under};

impl Stripe {
    /// Refunds all that has not gone back before; nothing, if nothing is left.
    pub(crate) async fn refund(&self, id: &str, key: &str) -> Result<(), Failure> {
        let request = CreateRefund::new().payment_intent(id).customize().request_strategy(once_under(key)?);
        let refund = match request.send(&self.0).await {
            Err(Failure::Final(why)) if why.code == "charge_already_refunded" => return Ok(()),
            refund => refund?,
        };
        match refund.status.as_deref() {
            // The bank did not take it; the key would only tell so again.
            Some(status @ ("failed" | "canceled")) => Err(Failure::Transient {
                cause: format!("the refund is {status}"),
                kept: true,
                retry_after: None,
            }),
            _ => Ok(()),
        }
    }
}
