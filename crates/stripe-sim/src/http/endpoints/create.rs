//! `POST /v1/webhook_endpoints`

use axum::extract::State;
use common::Decision;
use store::CommitError;
use uuid::Uuid;

use super::new_secret;
use crate::StripeSim;
use crate::endpoint::{EndpointId, NewEndpoint};
use crate::endpoints::MOST_ENDPOINTS;
use crate::error::ApiError;
use crate::http::{Call, Reply};

/// A new endpoint; the reply alone tells its secret.
pub(crate) async fn create(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let wanted = NewEndpoint::read(&call.params)?;
    call.expanding("webhook_endpoint")?;
    if sim.endpoints().await?.len() >= MOST_ENDPOINTS {
        let message = format!("You have reached the maximum of {MOST_ENDPOINTS} webhook endpoints.");
        return Err(ApiError::invalid(message));
    }
    let id = EndpointId(sim.0.ids.next::<Uuid>());
    let endpoint = wanted.create(id, new_secret(&sim), sim.0.clock.now());
    let created = sim.0.stored_endpoints.commit(Decision::without_event(endpoint)).await;
    sim.endpoints_changed();
    match created {
        Ok(endpoint) => Ok(Reply::ok(endpoint.view_with_secret())),
        Err(CommitError::Store(error)) => Err(error.into()),
        Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Err(ApiError::internal()),
    }
}
