//! `POST /api/payments/webhook`: Stripe's events.

use axum::body::Bytes;
use axum::extract::State;
use common::event::PaymentStatus;
use common::http::HttpContext;
use common::{PaymentId, Problem};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use store::StoreError;

use super::stripe_signature;
use crate::Payments;
use crate::domain::Payment;
use crate::storage::intent_key;
use crate::stripe::StripeError;

/// The part of an event that decisions depend on, so that new versions of Stripe's API change nothing.
#[derive(Deserialize)]
struct StripeEvent {
    id: String,
    r#type: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    object: Option<Object>,
}

#[derive(Deserialize)]
struct Object {
    id: Option<String>,
    /// Of a charge, a refund or a dispute.
    payment_intent: Option<String>,
    /// Of a `PaymentIntent`.
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    /// The id of the payment that has asked for it.
    payment: Option<String>,
}

/// The types of the events after a capture: refunds and disputes.
const POST_CAPTURE: [&str; 4] = ["charge.refunded", "charge.refund.", "charge.dispute.", "refund."];

impl StripeEvent {
    /// The id of the event's `PaymentIntent`.
    fn intent(&self) -> Option<&str> {
        let object = self.data.as_ref()?.object.as_ref()?;
        let id = if self.is_post_capture() {
            object.payment_intent.as_deref()
        } else {
            object.id.as_deref().filter(|_| self.r#type.starts_with("payment_intent."))
        };
        id.filter(|id| id.starts_with("pi_"))
    }

    /// Whether the payment that the event is about knows of it: it has asked for the `PaymentIntent` itself.
    fn is_creation(&self) -> bool {
        self.r#type == "payment_intent.created"
    }

    /// The payment that has asked for the `PaymentIntent`, by the metadata.
    fn owner(&self) -> Option<PaymentId> {
        self.data.as_ref()?.object.as_ref()?.metadata.payment.as_deref()?.parse().ok()
    }

    fn is_post_capture(&self) -> bool {
        POST_CAPTURE.iter().any(|prefix| self.r#type.starts_with(prefix))
    }

    /// Whether money may have moved that a payment without a next step does not know.
    fn may_have_moved_money(&self, payment: &Payment) -> bool {
        let unexpected = matches!(payment.status, PaymentStatus::Voided | PaymentStatus::Failed);
        self.is_post_capture() || (unexpected && self.r#type == "payment_intent.succeeded")
    }
}

/// Receive one of Stripe's events, as a hint: only the state that Stripe then returns counts.
#[utoipa::path(
    post,
    path = "/api/payments/webhook",
    tag = "payments",
    request_body(content = String, content_type = "application/json", description = "One of Stripe's events."),
    responses(
        (status = 200, description = "The consequence is durable, or there is none."),
        (status = 400, description = "`bad-signature`, `malformed-json`"),
    )
)]
pub(crate) async fn webhook(
    State(payments): State<Payments>,
    context: HttpContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !stripe_signature::is_valid(header, &body, &payments.config.webhook_secrets, context.clock.now()) {
        let detail = "No webhook secret of this service signed this body at this time.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad-signature", detail));
    }
    let event: StripeEvent = serde_json::from_slice(&body).map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json", "The body is not one of Stripe's events.")
    })?;
    tracing::debug!(event = event.id, kind = event.r#type, "received an event of Stripe");
    if let Some(intent) = event.intent() {
        payments.on_intent_event(intent, &event).await?;
    }
    Ok(StatusCode::OK)
}

impl Payments {
    /// Reads the state of a `PaymentIntent` and applies it. Afterwards the consequence is durable: it is committed, or
    /// the payment's step is due again in a moment.
    async fn on_intent_event(&self, intent: &str, event: &StripeEvent) -> Result<(), Problem> {
        if let Some(payment) = self.store.get_recent_by_unique_key(intent_key(intent)).await? {
            if event.is_creation() {
                return Ok(());
            }
            if payment.schedule.due.is_some() {
                self.on_hint(&payment).await?;
            } else if event.may_have_moved_money(&payment) {
                let polled = self.poll_refunds_and_disputes(&payment).await;
                polled.map_err(|error| Problem::unavailable().caused_by(error))?;
            }
            return Ok(());
        }
        if event.is_creation() && self.is_being_created(event.owner()).await? {
            return Ok(());
        }
        match self.on_unmatched_intent(intent).await? {
            Ok(()) | Err(StripeError::NotFound) => Ok(()),
            Err(error) => Err(Problem::unavailable().caused_by(error)),
        }
    }

    /// Whether the step that creates the payment's `PaymentIntent` is in progress. It adopts the one that it has created; an
    /// attempt after it searches for others.
    async fn is_being_created(&self, payment: Option<PaymentId>) -> Result<bool, StoreError> {
        let Some(payment) = payment else { return Ok(false) };
        let payment = self.store.get_recent(payment).await?;
        Ok(payment.is_some_and(|payment| payment.is_to_be_created() && payment.has_lease(self.clock.now())))
    }

    /// A `PaymentIntent` that a payment is about to adopt, or a second one of a payment, or none of this service.
    async fn on_unmatched_intent(&self, intent: &str) -> Result<Result<(), StripeError>, StoreError> {
        let (view, owner) = match self.stripe.retrieve_with_owner(intent).await {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let Some(owner) = owner else { return Ok(Ok(())) };
        // Read after Stripe's reply, so that an adoption meanwhile is seen.
        match self.store.get(owner).await? {
            None => Ok(Ok(())),
            Some(payment)
                if payment.is_to_be_created()
                    || payment.intent.as_ref().is_some_and(|ours| ours.id == view.intent.id) =>
            {
                self.on_hint(&payment).await.map(|_| Ok(()))
            }
            Some(payment) => Ok(self.cancel_orphan(&payment, &view).await),
        }
    }
}
