//! The calls that create, read and change one object.

use std::collections::HashMap;

use common::PaymentId;
use stripe_client_core::{IdempotencyKey, RequestStrategy, StripeRequest};
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, CreatePaymentIntent,
    CreatePaymentIntentAutomaticPaymentMethods, RetrievePaymentIntent,
};
use stripe_core::refund::{CreateRefund, RetrieveRefund};
use stripe_shared::PaymentIntentCaptureMethod;
use stripe_types::Currency as StripeCurrency;

use super::{ORDER, PAYMENT, Stripe, StripeError, WITH_MONEY};
use crate::domain::{IntentView, Payment};

impl Stripe {
    /// Creates the `PaymentIntent`: confirming it authorizes the money, and only a capture takes it.
    pub(crate) async fn create(&self, payment: &Payment) -> Result<IntentView, StripeError> {
        let code = payment.amount.currency.code().to_ascii_lowercase();
        let currency: StripeCurrency =
            code.parse().map_err(|_| StripeError::unavailable("the client does not know the currency"))?;
        let mut metadata = HashMap::from([
            (PAYMENT.to_owned(), payment.id.to_string()),
            (ORDER.to_owned(), payment.order_id.to_string()),
            ("ticket".to_owned(), payment.ticket_id.to_string()),
            ("buyer".to_owned(), payment.buyer_id.to_string()),
        ]);
        if let Some(version) = payment.order_version {
            metadata.insert("order_version".to_owned(), version.to_string());
        }
        let request = CreatePaymentIntent::new(payment.amount.amount, currency)
            .capture_method(PaymentIntentCaptureMethod::Manual)
            .automatic_payment_methods(CreatePaymentIntentAutomaticPaymentMethods::new(true))
            .metadata(metadata)
            .customize()
            .request_strategy(idempotent(&payment.idempotency_key("create"))?);
        self.view(request.send(&self.0).await?).await
    }

    /// Reads the `PaymentIntent`.
    pub(crate) async fn retrieve(&self, id: &str) -> Result<IntentView, StripeError> {
        self.retrieve_with_owner(id).await.map(|(view, _)| view)
    }

    /// Reads the `PaymentIntent`, and the payment that its metadata name.
    pub(crate) async fn retrieve_with_owner(
        &self,
        id: &str,
    ) -> Result<(IntentView, Option<PaymentId>), StripeError> {
        let found = RetrievePaymentIntent::new(id).expand(vec![WITH_MONEY.to_owned()]).send(&self.0).await?;
        let owner = found.metadata.get(PAYMENT).and_then(|id| id.parse().ok());
        Ok((self.view(found).await?, owner))
    }

    /// Captures the whole amount.
    pub(crate) async fn capture(&self, id: &str, key: &str) -> Result<IntentView, StripeError> {
        let request = CapturePaymentIntent::new(id)
            .expand(vec![WITH_MONEY.to_owned()])
            .customize()
            .request_strategy(idempotent(key)?);
        self.view(request.send(&self.0).await?).await
    }

    /// Cancels the `PaymentIntent`, which voids its authorization for good.
    pub(crate) async fn cancel(&self, id: &str, key: &str) -> Result<IntentView, StripeError> {
        let request = CancelPaymentIntent::new(id).customize().request_strategy(idempotent(key)?);
        self.view(request.send(&self.0).await?).await
    }

    /// Refunds the rest of the money. Returns the refund's id, or `None` if nothing was left.
    pub(crate) async fn refund(&self, intent: &str, key: &str) -> Result<Option<String>, StripeError> {
        let request =
            CreateRefund::new().payment_intent(intent).customize().request_strategy(idempotent(key)?);
        match request.send(&self.0).await {
            Err(StripeError::Refused(why)) if why.code == "charge_already_refunded" => Ok(None),
            refund => Ok(Some(refund?.id.to_string())),
        }
    }

    /// Whether the refund failed at the bank by now: the reply to its creation may be old.
    pub(crate) async fn refund_has_failed(&self, id: &str) -> Result<bool, StripeError> {
        let refund = RetrieveRefund::new(id).send(&self.0).await?;
        Ok(matches!(refund.status.as_deref(), Some("failed" | "canceled")))
    }
}

/// Sends a change once, under this idempotency key.
fn idempotent(key: &str) -> Result<RequestStrategy, StripeError> {
    let key = IdempotencyKey::new(key).map_err(|error| StripeError::unavailable(error.to_string()))?;
    Ok(RequestStrategy::Idempotent(key))
}
