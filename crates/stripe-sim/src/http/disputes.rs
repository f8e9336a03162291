//! `/v1/disputes`

use axum::extract::{Path, State};

use super::{Call, Reply};
use crate::dispute::DisputeUpdate;
use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::intent::PaymentIntent;
use crate::sim::StripeSim;

/// `POST …/{id}`: submits evidence.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let id = ItemId::in_path(Kind::Dispute, &text)?;
    let requested = DisputeUpdate::read(&call.params)?;
    let call = call.with_expansion(Kind::Dispute.noun())?;
    let missing = || ItemId::missing(Kind::Dispute, &text);
    sim.perform(&call, id.owner, |intent| {
        intent
            .ok_or_else(missing)?
            .update_dispute(id.position, &requested, sim.context())?
            .ok_or_else(missing)
    })
    .await
}

/// `POST …/{id}/close`: accepts the dispute, which is then lost.
pub(crate) async fn close(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    call.params.reject_unknown(&["expand"])?;
    let call = call.with_expansion(Kind::Dispute.noun())?;
    decide(&sim, &call, &text, false).await
}

/// Decides a dispute, for the API and the control page.
pub(super) async fn decide(sim: &StripeSim, call: &Call, text: &str, won: bool) -> Result<Reply, ApiError> {
    let id = ItemId::in_path(Kind::Dispute, text)?;
    let missing = || ItemId::missing(Kind::Dispute, text);
    sim.perform(call, id.owner, |intent| {
        let intent = intent.ok_or_else(missing)?;
        let closed = intent.close_dispute(id.position, won, sim.context());
        closed.ok_or_else(|| not_open(intent, id.position).unwrap_or_else(missing))
    })
    .await
}

fn not_open(intent: &PaymentIntent, position: u32) -> Option<ApiError> {
    intent.disputes.get(position as usize)?;
    Some(ApiError::invalid("This dispute is already closed."))
}
