//! `POST /v1/payment_intents/{id}/cancel`

use axum::extract::{Path, State};

use super::missing;
use crate::StripeSim;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::Kind;
use crate::intent::{CancellationReason, IntentId};

/// Gives the payment up and releases what was authorized.
pub(crate) async fn cancel(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let id = IntentId::in_path(&id)?;
    call.params.only(&["cancellation_reason", "expand"])?;
    let reason = call.params.text("cancellation_reason").map(CancellationReason::parse).transpose()?;
    let call = call.expanding(Kind::PaymentIntent.noun())?;
    sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| missing(id))?;
        intent.cancel(reason, sim.terms()).map_err(|refusal| sim.refused(&call, intent, refusal))
    })
    .await
}
