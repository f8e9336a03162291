//! `/v1/payment_intents`

use std::sync::OnceLock;

use axum::extract::{Path, State};
use uuid::Uuid;

use super::{Call, Reply};
use crate::card::{PaymentMethod, PaymentMethodParams};
use crate::error::ApiError;
use crate::failure::Failure;
use crate::format::hex;
use crate::id::{IntentId, Kind};
use crate::intent::{Attempt, CancellationReason, IntentUpdate, NewIntent, Refusal};
use crate::metadata::MetadataChange;
use crate::sim::StripeSim;

const CONFIRM_PARAMS: &[&str] = &[
    "capture_method",
    "client_secret",
    "error_on_requires_action",
    "expand",
    "expected_payment_method_type",
    "key",
    "off_session",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "use_stripe_sdk",
];

const CAPTURE_PARAMS: &[&str] =
    &["amount_to_capture", "expand", "final_capture", "metadata", "statement_descriptor"];

/// `POST`: creates a `PaymentIntent`, and confirms it if requested.
pub(crate) async fn create(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let requested = NewIntent::read(&call.params)?;
    let (ids, now) = (&sim.0.ids, sim.0.clock.now());
    let method = PaymentMethodParams { params: &call.params, now, ids }.read()?;
    if requested.confirm && method.is_none() {
        call.params.required("payment_method")?;
    }
    let id = IntentId(ids.next::<Uuid>());
    let secret = hex(&ids.bytes::<16>());
    let attempt = attempt(&call, method.clone())?;
    let call = call.with_expansion(Kind::PaymentIntent.noun())?;
    sim.perform(&call, id, |_| {
        let created = requested.clone().create(id, &secret, method.clone(), now);
        if !requested.confirm {
            return Ok(created);
        }
        let confirmed = created.next.confirm(attempt.clone(), sim.context());
        let mut confirmed = confirmed.map_err(|refusal| sim.refused(&call, &created.next, refusal))?;
        confirmed.events.splice(0..0, created.events);
        Ok(confirmed)
    })
    .await
}

/// `GET …/{id}`
pub(crate) async fn retrieve(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    let id = IntentId::in_path(&id)?;
    call.params.reject_unknown(&["client_secret", "expand", "key"])?;
    let call = call.with_expansion(Kind::PaymentIntent.noun())?;
    let record = sim.0.records.get(id.0).await?;
    let intent = record.ok_or_else(|| id.missing())?.intent;
    call.check_access(&intent)?;
    Ok(Reply::ok(sim.intent_view(&call, &intent)))
}

/// `POST …/{id}`: changes texts and metadata; before an authorization, also the amount.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let id = IntentId::in_path(&text)?;
    let choice = PaymentMethodParams { params: &call.params, now: sim.0.clock.now(), ids: &sim.0.ids };
    let requested = IntentUpdate::read(&call.params, choice.read()?)?;
    let call = call.with_expansion(Kind::PaymentIntent.noun())?;
    sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| id.missing())?;
        intent.update(requested.clone())?.map_err(|refusal| sim.refused(&call, intent, refusal))
    })
    .await
}

/// `POST …/{id}/confirm`: charges the card of the browser or the merchant.
pub(crate) async fn confirm(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    let id = IntentId::in_path(&id)?;
    call.params.reject_unknown(CONFIRM_PARAMS)?;
    let choice = PaymentMethodParams { params: &call.params, now: sim.0.clock.now(), ids: &sim.0.ids };
    let attempt = attempt(&call, choice.read()?)?;
    let call = call.with_expansion(Kind::PaymentIntent.noun())?;
    sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| id.missing())?;
        call.check_access(intent)?;
        intent.confirm(attempt.clone(), sim.context()).map_err(|refusal| sim.refused(&call, intent, refusal))
    })
    .await
}

/// An attempt with this card.
fn attempt(call: &Call, method: Option<PaymentMethod>) -> Result<Attempt, ApiError> {
    Ok(Attempt {
        method,
        return_url: call.params.url("return_url")?,
        receipt_email: call.params.text("receipt_email").map(str::to_owned),
    })
}

/// `POST …/{id}/capture`: captures all or part of an authorization.
pub(crate) async fn capture(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let id = IntentId::in_path(&id)?;
    call.params.reject_unknown(CAPTURE_PARAMS)?;
    let amount = amount_to_capture(&call)?;
    let metadata = MetadataChange::read(&call.params)?;
    let call = call.with_expansion(Kind::PaymentIntent.noun())?;
    // Decided once, even if the commit is retried.
    let fails = OnceLock::new();
    sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| id.missing())?;
        let captured = intent.capture(amount, sim.context());
        let declined = captured.is_ok()
            && *fails.get_or_init(|| sim.faults().consume(|faults| &mut faults.capture_fails));
        let captured = if declined { Err(Refusal::CaptureFailed(Failure::GenericDecline)) } else { captured };
        let mut transition = captured.map_err(|refusal| sim.refused(&call, intent, refusal))?;
        transition.next.metadata = metadata.apply(transition.next.metadata)?;
        Ok(transition)
    })
    .await
}

fn amount_to_capture(call: &Call) -> Result<Option<i64>, ApiError> {
    const NAME: &str = "amount_to_capture";
    let amount = call.params.int(NAME)?;
    if amount.is_some_and(|amount| amount < 1) {
        let message = "Invalid positive integer: at least 1 must be captured.";
        return Err(ApiError::parameter("parameter_invalid_integer", NAME, message));
    }
    Ok(amount)
}

/// `POST …/{id}/cancel`: cancels the payment and releases its authorization.
pub(crate) async fn cancel(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let id = IntentId::in_path(&id)?;
    call.params.reject_unknown(&["cancellation_reason", "expand"])?;
    let reason = call.params.text("cancellation_reason").map(CancellationReason::parse).transpose()?;
    let call = call.with_expansion(Kind::PaymentIntent.noun())?;
    sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| id.missing())?;
        intent.cancel(reason, sim.context()).map_err(|refusal| sim.refused(&call, intent, refusal))
    })
    .await
}
