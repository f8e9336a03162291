//! Asks for the present state of a `PaymentIntent`.

use common::PaymentId;
use stripe_core::payment_intent::RetrievePaymentIntent;

use super::create::PAYMENT;
use super::intent::WITH_MONEY;
use super::{Failure, Stripe};
use crate::domain::Seen;

impl Stripe {
    /// The `PaymentIntent` as it is now.
    pub(crate) async fn retrieve(&self, id: &str) -> Result<Seen, Failure> {
        self.retrieve_with_owner(id).await.map(|(seen, _)| seen)
    }

    /// The same, and the payment that its metadata name.
    pub(crate) async fn retrieve_with_owner(&self, id: &str) -> Result<(Seen, Option<PaymentId>), Failure> {
        let found = RetrievePaymentIntent::new(id).expand(vec![WITH_MONEY.to_owned()]).send(&self.0).await?;
        let owner = found.metadata.get(PAYMENT).and_then(|id| id.parse().ok());
        Ok((self.seen(found).await?, owner))
    }
}
