//! Gives back the money that was taken.

use stripe_core::refund::CreateRefund;

use super::{Failure, Stripe};

impl Stripe {
    /// Refunds the whole amount. Stripe refuses a second time with [`Failure::UnexpectedState`].
    pub(crate) async fn refund(&self, id: &str, key: &str) -> Result<(), Failure> {
        self.change(CreateRefund::new().payment_intent(id), key).await.map(drop)
    }
}
