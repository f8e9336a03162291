//! `GET /v1/webhook_endpoints/{id}`

use axum::extract::{Path, State};

use crate::StripeSim;
use crate::endpoint::EndpointId;
use crate::error::ApiError;
use crate::http::{Call, Reply};

/// One endpoint, without its secret.
pub(crate) async fn retrieve(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(&["expand"])?;
    call.expanding("webhook_endpoint")?;
    let id = EndpointId::in_path(&text)?;
    let endpoints = sim.endpoints().await?;
    let endpoint = endpoints.iter().find(|endpoint| endpoint.id == id);
    Ok(Reply::ok(endpoint.ok_or_else(|| EndpointId::missing(&text))?.view()))
}
