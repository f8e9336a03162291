//! `GET /v1/payment_intents/{id}`

use axum::extract::{Path, State};

use super::missing;
use crate::StripeSim;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::Kind;
use crate::intent::IntentId;

/// The present state.
pub(crate) async fn retrieve(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    let id = IntentId::in_path(&id)?;
    call.params.only(&["client_secret", "expand", "key"])?;
    let call = call.expanding(Kind::PaymentIntent.noun())?;
    let record = sim.0.records.get(id.0).await?;
    let intent = record.ok_or_else(|| missing(id))?.intent;
    call.may_use(&intent)?;
    Ok(Reply::ok(sim.shown(&call, &intent)))
}
