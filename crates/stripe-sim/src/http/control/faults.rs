//! `POST /sim/control/faults` and `/sim/control/faults/clear`: the control page's forms.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Redirect;

use crate::StripeSim;
use crate::error::ApiError;
use crate::fault::{ApiFaults, Faults, WebhookFaults};
use crate::param::Params;

/// Sets all faults as the form has them.
pub(crate) async fn set(State(sim): State<StripeSim>, body: Bytes) -> Result<Redirect, ApiError> {
    let params = Params::parse(&body)?;
    let count = |name: &str| whole::<u32>(&params, name);
    let wanted = Faults {
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
    sim.faults().set(|faults| *faults = wanted);
    Ok(Redirect::to("/sim"))
}

/// No more faults.
pub(crate) async fn clear(State(sim): State<StripeSim>) -> Redirect {
    sim.faults().clear();
    Redirect::to("/sim")
}

fn whole<T: TryFrom<i64> + Default>(params: &Params, name: &str) -> Result<T, ApiError> {
    let Some(number) = params.int(name)? else { return Ok(T::default()) };
    T::try_from(number).map_err(|_| {
        let message = format!("{name} must be a whole number from 0 on.");
        ApiError::parameter("parameter_invalid_integer", name, message)
    })
}
