//! Takes the money that is held.

use stripe_client_core::StripeRequest;
use stripe_core::payment_intent::CapturePaymentIntent;

use super::intent::WITH_MONEY;
use super::{Failure, Stripe, once_under};
use crate::domain::Seen;

impl Stripe {
    /// Captures the whole amount.
    pub(crate) async fn capture(&self, id: &str, key: &str) -> Result<Seen, Failure> {
        let request = CapturePaymentIntent::new(id)
            .expand(vec![WITH_MONEY.to_owned()])
            .customize()
            .request_strategy(once_under(key)?);
        self.seen(request.send(&self.0).await?).await
    }
}
