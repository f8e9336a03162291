//! `GET /v1/balance`

use axum::extract::State;

use super::{Call, Reply};
use crate::StripeSim;
use crate::error::ApiError;

/// What Stripe holds.
pub(crate) async fn balance(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(&["expand"])?;
    call.expanding("balance")?;
    Ok(Reply::ok(sim.sums().await?.view()))
}
