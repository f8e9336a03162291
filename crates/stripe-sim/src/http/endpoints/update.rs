//! `POST /v1/webhook_endpoints/{id}`

use axum::extract::{Path, State};

use super::change::change;
use crate::StripeSim;
use crate::endpoint::EndpointUpdate;
use crate::error::ApiError;
use crate::http::{Call, Reply};

/// Changes an endpoint.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let wanted = EndpointUpdate::read(&call.params)?;
    call.expanding("webhook_endpoint")?;
    Ok(Reply::ok(change(&sim, &text, |endpoint| endpoint.update(&wanted)).await?.view()))
}
