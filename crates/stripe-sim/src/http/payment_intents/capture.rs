//! `POST /v1/payment_intents/{id}/capture`

use std::sync::OnceLock;

use axum::extract::{Path, State};

use super::missing;
use crate::StripeSim;
use crate::card::Failure;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::Kind;
use crate::intent::{IntentId, Refusal};
use crate::metadata::MetadataChange;

const KNOWN: &[&str] = &["amount_to_capture", "expand", "final_capture", "metadata", "statement_descriptor"];

/// Takes the money that was authorized, or part of it.
pub(crate) async fn capture(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let id = IntentId::in_path(&id)?;
    call.params.only(KNOWN)?;
    let amount = amount_to_capture(&call)?;
    let metadata = MetadataChange::read(&call.params)?;
    let call = call.expanding(Kind::PaymentIntent.noun())?;
    // Decided once, however often the commit is tried.
    let fails = OnceLock::new();
    sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| missing(id))?;
        let captured = intent.capture(amount, sim.terms());
        let declined =
            captured.is_ok() && *fails.get_or_init(|| sim.faults().take(|faults| &mut faults.capture_fails));
        let captured = if declined { Err(Refusal::CaptureFailed(Failure::GenericDecline)) } else { captured };
        let mut step = captured.map_err(|refusal| sim.refused(&call, intent, refusal))?;
        step.next.metadata = metadata.apply(step.next.metadata)?;
        Ok(step)
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
