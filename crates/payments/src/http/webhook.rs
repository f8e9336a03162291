//! `POST /api/payments/webhook`: Stripe says that something happened.

use axum::body::Bytes;
use axum::extract::State;
use common::Problem;
use common::event::PaymentStatus;
use common::http::{HttpContext, ProblemBody};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use store::StoreError;

use super::signature;
use crate::Payments;
use crate::advance::Urgency;
use crate::domain::Payment;
use crate::stripe::Failure;

/// As much of an event as we rely on: whatever else Stripe's next version changes does not matter.
#[derive(Deserialize)]
struct Event {
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
}

/// What became of money that was taken.
const AFTERMATH: [&str; 4] = ["charge.refunded", "charge.refund.", "charge.dispute.", "refund."];

impl Event {
    /// The `PaymentIntent` that it is about.
    fn intent(&self) -> Option<&str> {
        let object = self.data.as_ref()?.object.as_ref()?;
        let id = if self.is_about_aftermath() {
            object.payment_intent.as_deref()
        } else {
            object.id.as_deref().filter(|_| self.r#type.starts_with("payment_intent."))
        };
        id.filter(|id| id.starts_with("pi_"))
    }

    fn is_about_aftermath(&self) -> bool {
        AFTERMATH.iter().any(|begin| self.r#type.starts_with(begin))
    }

    /// Whether money may have moved that a payment at its end does not know of.
    fn may_have_moved(&self, payment: &Payment) -> bool {
        let unexpected = matches!(payment.status, PaymentStatus::Voided | PaymentStatus::Failed);
        self.is_about_aftermath() || (unexpected && self.r#type == "payment_intent.succeeded")
    }
}

/// For Stripe: something happened. It is a hint; what counts is what Stripe answers when it is asked.
#[utoipa::path(
    post,
    path = "/api/payments/webhook",
    tag = "payments",
    request_body(content = String, content_type = "application/json", description = "One of Stripe's events."),
    responses(
        (status = 200, description = "Its consequence is durable, or it has none."),
        (status = 400, description = "`bad-signature`, or it is no event.", body = ProblemBody),
        (status = 503, description = "Send it again.", body = ProblemBody),
    )
)]
pub(crate) async fn webhook(
    State(payments): State<Payments>,
    context: HttpContext,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !signature::is_good(header, &body, &payments.config.webhook_secrets, context.clock.now()) {
        let detail = "The signature is not one of ours for this body and this time.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, "bad-signature", detail));
    }
    let event: Event = serde_json::from_slice(&body).map_err(|_| {
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json", "The body is not one of Stripe's events.")
    })?;
    tracing::debug!(event = event.id, kind = event.r#type, "Stripe tells of an event");
    if let Some(intent) = event.intent() {
        payments.hear_of_intent(intent, &event).await?;
    }
    Ok(StatusCode::OK)
}

impl Payments {
    /// Looks at a `PaymentIntent` of which something was heard. Afterwards the consequence is durable: either it was
    /// drawn, or the payment is due again in a moment.
    async fn hear_of_intent(&self, intent: &str, event: &Event) -> Result<(), Problem> {
        if let Some(payment) = self.payments.get_by_unique_key(Payment::intent_key(intent)).await? {
            if payment.work.due.is_some() {
                self.advance(&payment, Urgency::Now).await?;
            } else if event.may_have_moved(&payment) {
                let looked = self.look_at_settled(&payment).await;
                looked.map_err(|trouble| Problem::unavailable().caused_by(trouble))?;
            }
            return Ok(());
        }
        match self.hear_of_unknown_intent(intent).await? {
            Ok(()) | Err(Failure::Missing) => Ok(()),
            Err(failure) => Err(Problem::unavailable().caused_by(failure)),
        }
    }

    /// Either we are about to adopt it, or it is a second one that was created for a payment of ours, or it is none of
    /// ours.
    async fn hear_of_unknown_intent(&self, intent: &str) -> Result<Result<(), Failure>, StoreError> {
        let (seen, owner) = match self.stripe.retrieve_with_owner(intent).await {
            Ok(found) => found,
            Err(failure) => return Ok(Err(failure)),
        };
        let Some(owner) = owner else { return Ok(Ok(())) };
        // Reads after Stripe has answered, so that what was adopted meanwhile is seen.
        match self.payments.get(owner).await? {
            None => Ok(Ok(())),
            Some(payment) if payment.is_to_be_created() => {
                self.advance(&payment, Urgency::Now).await.map(|_| Ok(()))
            }
            Some(payment) if payment.intent.as_ref().is_some_and(|ours| ours.id == seen.intent.id) => {
                self.advance(&payment, Urgency::Now).await.map(|_| Ok(()))
            }
            Some(payment) => Ok(self.cancel_stray(&payment, &seen).await),
        }
    }
}
