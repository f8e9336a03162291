//! Lets go of the money that is held, for good.

use stripe_core::payment_intent::CancelPaymentIntent;

use super::{Failure, Stripe, intent};
use crate::domain::Seen;

impl Stripe {
    /// Cancels the `PaymentIntent`: it can be neither confirmed nor captured any more.
    pub(crate) async fn cancel(&self, id: &str, key: &str) -> Result<Seen, Failure> {
        intent::seen(self.change(CancelPaymentIntent::new(id), key).await?)
    }
}
