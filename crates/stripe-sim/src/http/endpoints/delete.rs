//! `DELETE /v1/webhook_endpoints/{id}`

use axum::extract::{Path, State};
use serde_json::json;
use store::CommitError;

use super::change::stored;
use crate::StripeSim;
use crate::endpoint::EndpointId;
use crate::error::ApiError;
use crate::http::{Call, Reply};

/// Ends an endpoint; what was on its way there is not sent any more.
pub(crate) async fn delete(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let id = stored(&text)?;
    let endpoint = sim.0.stored_endpoints.get(id.0).await?.ok_or_else(|| EndpointId::missing(&text))?;
    let removed = sim.0.stored_endpoints.remove(&endpoint).await;
    sim.endpoints_changed();
    match removed {
        Ok(()) => Ok(Reply::ok(json!({ "id": text, "object": "webhook_endpoint", "deleted": true }))),
        Err(CommitError::Store(error)) => Err(error.into()),
        Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Err(ApiError::locked()),
    }
}
