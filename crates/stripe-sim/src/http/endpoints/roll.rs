//! `POST /sim/webhook_endpoints/{id}/roll`: what Stripe offers in its dashboard only.

use axum::extract::{Path, State};

use super::change::change;
use super::new_secret;
use crate::StripeSim;
use crate::endpoint::Rolling;
use crate::error::ApiError;
use crate::http::{Call, Reply};

/// A new secret; the former one signs beside it for `expires_in` seconds.
pub(crate) async fn roll(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let rolling = Rolling::read(&call.params)?;
    let (secret, now) = (new_secret(&sim), sim.0.clock.now());
    let rolled = change(&sim, &text, |endpoint| Ok(endpoint.roll(secret.clone(), rolling, now))).await?;
    Ok(Reply::ok(rolled.view_with_secret()))
}
