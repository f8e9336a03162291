//! `POST /v1/disputes/{id}/close`

use axum::extract::{Path, State};

use crate::StripeSim;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::{ItemId, Kind};
use crate::intent::PaymentIntent;

/// Accepts a dispute: it is lost.
pub(crate) async fn close(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(&["expand"])?;
    let call = call.expanding(Kind::Dispute.noun())?;
    decide(&sim, &call, &text, false).await
}

/// The dispute is decided, by whomever.
pub(in crate::http) async fn decide(
    sim: &StripeSim,
    call: &Call,
    text: &str,
    won: bool,
) -> Result<Reply, ApiError> {
    let id = ItemId::in_path(Kind::Dispute, text)?;
    let missing = || ItemId::missing(Kind::Dispute, text);
    sim.perform(call, id.owner, |intent| {
        let intent = intent.ok_or_else(missing)?;
        let closed = intent.close_dispute(id.place, won, sim.terms());
        closed.ok_or_else(|| not_open(intent, id.place).unwrap_or_else(missing))
    })
    .await
}

fn not_open(intent: &PaymentIntent, place: u32) -> Option<ApiError> {
    intent.disputes.get(place as usize)?;
    Some(ApiError::invalid("This dispute is already closed."))
}
