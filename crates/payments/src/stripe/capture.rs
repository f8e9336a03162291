//! Takes the money that is held.

use stripe_core::payment_intent::CapturePaymentIntent;

use super::{Failure, Stripe, intent};
use crate::domain::Seen;

impl Stripe {
    /// Captures the whole amount.
    pub(crate) async fn capture(&self, id: &str, key: &str) -> Result<Seen, Failure> {
        intent::seen(self.change(CapturePaymentIntent::new(id), key).await?)
    }
}
