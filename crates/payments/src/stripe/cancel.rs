//! Lets go of the money that is held, for good.

use stripe_client_core::StripeRequest;
use stripe_core::payment_intent::CancelPaymentIntent;

use super::{Failure, Stripe, once_under};
use crate::domain::Seen;

impl Stripe {
    /// Cancels the `PaymentIntent`: it can be neither confirmed nor captured any more.
    pub(crate) async fn cancel(&self, id: &str, key: &str) -> Result<Seen, Failure> {
        let request = CancelPaymentIntent::new(id).customize().request_strategy(once_under(key)?);
        self.seen(request.send(&self.0).await?).await
    }
}
