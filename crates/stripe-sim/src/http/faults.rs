//! `/sim/faults`

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;

use crate::StripeSim;
use crate::error::ApiError;
use crate::fault::Faults;

/// The faults that are still to come.
pub(crate) async fn show(State(sim): State<StripeSim>) -> Json<Faults> {
    Json(sim.faults().pending())
}

/// Sets the faults that the JSON body names; the others stay as they are.
pub(crate) async fn set(State(sim): State<StripeSim>, body: Bytes) -> Result<Json<Faults>, ApiError> {
    let wanted = serde_json::from_slice(&body);
    let set = wanted.and_then(|wanted| sim.faults().merge(&wanted));
    set.map(Json)
        .map_err(|error| ApiError::invalid(format!("These are not faults that can be set: {error}.")))
}

/// No more faults.
pub(crate) async fn clear(State(sim): State<StripeSim>) -> StatusCode {
    sim.faults().clear();
    StatusCode::NO_CONTENT
}
