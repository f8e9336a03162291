//! `/sim/faults`: faults on demand.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::{Faults, MailSim};

/// The pending faults.
pub(super) async fn show(State(sim): State<MailSim>) -> Json<Faults> {
    Json(sim.faults())
}

/// Sets the faults; those that the body does not name are cleared.
pub(super) async fn set(State(sim): State<MailSim>, body: Bytes) -> Response {
    match serde_json::from_slice::<Faults>(&body) {
        Ok(faults) => {
            sim.set_faults(faults);
            Json(faults).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, format!("invalid faults: {error}")).into_response(),
    }
}

/// Clears all faults.
pub(super) async fn clear(State(sim): State<MailSim>) -> StatusCode {
    sim.set_faults(Faults::default());
    StatusCode::NO_CONTENT
}
