//! Creates the `PaymentIntent` of a payment.

use std::collections::HashMap;

use stripe_client_core::StripeRequest;
use stripe_core::payment_intent::{CreatePaymentIntent, CreatePaymentIntentAutomaticPaymentMethods};
use stripe_shared::PaymentIntentCaptureMethod;
use stripe_types::Currency as StripeCurrency;

use super::{Failure, Stripe, once_under};
use crate::domain::{Payment, Seen};

/// Under this name a `PaymentIntent`'s metadata tell whose it is, so that it can be found even if the answer to its
/// creation was lost.
pub(super) const PAYMENT: &str = "payment";
/// Under this name they tell what is paid for.
pub(super) const ORDER: &str = "order";

impl Stripe {
    /// Creates the `PaymentIntent`: confirming it holds the money, and only a capture takes it.
    pub(crate) async fn create(&self, payment: &Payment) -> Result<Seen, Failure> {
        let code = payment.amount.currency.code().to_ascii_lowercase();
        let currency: StripeCurrency =
            code.parse().map_err(|_| Failure::away("the client does not know the currency"))?;
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
            .metadata(metadata);
        let strategy = once_under(&payment.idempotency_key("create"))?;
        self.seen(request.customize().request_strategy(strategy).send(&self.0).await?).await
    }
}
