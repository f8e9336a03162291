//! Changing a stored endpoint.

use common::Decision;
use store::UpdateError;

use crate::StripeSim;
use crate::endpoint::{Endpoint, EndpointId};
use crate::error::ApiError;

/// Changes the endpoint of this id, as it is in the path.
pub(super) async fn change(
    sim: &StripeSim,
    text: &str,
    decide: impl Fn(&Endpoint) -> Result<Endpoint, ApiError>,
) -> Result<Endpoint, ApiError> {
    let id = stored(text)?;
    let changed = sim.0.stored_endpoints.update(id.0, |current| {
        let current = current.ok_or_else(|| EndpointId::missing(text))?;
        Ok::<_, ApiError>(Some(Decision::without_event(decide(current)?)))
    });
    let changed = changed.await;
    sim.endpoints_changed();
    match changed {
        Ok(endpoint) => endpoint.ok_or_else(|| EndpointId::missing(text)),
        Err(UpdateError::Refused(error)) => Err(error),
        Err(UpdateError::Store(error)) => Err(error.into()),
        Err(UpdateError::DuplicateKey(_)) => Err(ApiError::internal()),
    }
}

/// The id of an endpoint that may be changed.
pub(super) fn stored(text: &str) -> Result<EndpointId, ApiError> {
    let id = EndpointId::in_path(text)?;
    if id.is_configured() {
        let message = "This endpoint is the one that the simulator was started with; start it otherwise.";
        return Err(ApiError::invalid(message).about_parameter("webhook_endpoint"));
    }
    Ok(id)
}
