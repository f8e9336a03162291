//! Gives back the money that was taken.

use stripe_client_core::StripeRequest;
use stripe_core::refund::{CreateRefund, RetrieveRefund};

use super::{Failure, Stripe, once_under};

impl Stripe {
    /// Refunds all that has not gone back before; the refund's id, or `None` if nothing was left.
    pub(crate) async fn refund(&self, id: &str, key: &str) -> Result<Option<String>, Failure> {
        let request = CreateRefund::new().payment_intent(id).customize().request_strategy(once_under(key)?);
        match request.send(&self.0).await {
            Err(Failure::Final(why)) if why.code == "charge_already_refunded" => Ok(None),
            refund => Ok(Some(refund?.id.to_string())),
        }
    }

    /// Whether the bank did not take the money, as it is now: what was answered when the refund was made may be long ago.
    pub(crate) async fn refund_has_failed(&self, id: &str) -> Result<bool, Failure> {
        let refund = RetrieveRefund::new(id).send(&self.0).await?;
        Ok(matches!(refund.status.as_deref(), Some("failed" | "canceled")))
    }
}
