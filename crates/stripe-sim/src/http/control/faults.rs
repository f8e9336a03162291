//! Faults on demand: `/sim/faults` for scripts, `/sim/control/faults` for the forms of the control page.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Redirect;

use crate::error::ApiError;
use crate::fault::{ApiFaults, Faults, WebhookFaults};
use crate::param::Params;
use crate::sim::StripeSim;

/// The pending faults.
pub(crate) async fn show(State(sim): State<StripeSim>) -> Json<Faults> {
    Json(sim.faults().pending())
}

/// Sets the faults in the JSON body and keeps the others.
pub(crate) async fn set(State(sim): State<StripeSim>, body: Bytes) -> Result<Json<Faults>, ApiError> {
    let requested = serde_json::from_slice(&body);
    let set = requested.and_then(|requested| sim.faults().merge(&requested));
    set.map(Json).map_err(|error| ApiError::invalid(format!("Invalid faults: {error}.")))
}

/// Clears all faults.
pub(crate) async fn clear(State(sim): State<StripeSim>) -> StatusCode {
    sim.faults().clear();
    StatusCode::NO_CONTENT
}

/// Sets all faults from the form.
pub(crate) async fn set_form(State(sim): State<StripeSim>, body: Bytes) -> Result<Redirect, ApiError> {
    let params = Params::parse(&body)?;
    let count = |name: &str| whole::<u32>(&params, name);
    let requested = Faults {
        webhooks: WebhookFaults {
            duplicate: count("duplicate")?,
            drop: count("drop")?,
            delay_ms: whole(&params, "webhookDelayMs")?,
            reorder: params.text("reorder").is_some(),
        },
        api: ApiFaults {
            fail_after_commit: count("failAfterCommit")?,
            fail_before: count("failBefore")?,
            rate_limit: count("rateLimit")?,
            delay_ms: whole(&params, "apiDelayMs")?,
        },
        capture_fails: count("captureFails")?,
    };
    sim.faults().set(|faults| *faults = requested);
    Ok(Redirect::to("/sim"))
}

/// Clears all faults, for the form.
pub(crate) async fn clear_form(State(sim): State<StripeSim>) -> Redirect {
    sim.faults().clear();
    Redirect::to("/sim")
}

fn whole<T: TryFrom<i64> + Default>(params: &Params, name: &str) -> Result<T, ApiError> {
    let Some(number) = params.int(name)? else { return Ok(T::default()) };
    T::try_from(number).map_err(|_| {
        let message = format!("{name} must be a whole number of at least 0.");
        ApiError::parameter("parameter_invalid_integer", name, message)
    })
}
