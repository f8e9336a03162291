//! Takes the money that is held.

use stripe::StripeRequest;
use stripe_core::payment_intent::CapturePaymentIntent;

use super::{Failure, Stripe, intent, once_under};
use crate::domain::Seen;

impl Stripe {
    /// Captures the whole amount.
    pub(crate) async fn capture(&self, id: &str, key: &str) -> Result<Seen, Failure> {
        let request = CapturePaymentIntent::new(id).customize().request_strategy(once_under(key)?);
        intent::seen(request.send(&self.0).await?)
    }
}
