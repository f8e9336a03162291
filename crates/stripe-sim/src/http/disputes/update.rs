//! `POST /v1/disputes/{id}`

use axum::extract::{Path, State};

use crate::StripeSim;
use crate::dispute::DisputeUpdate;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::{ItemId, Kind};

/// Answers a dispute.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let id = ItemId::in_path(Kind::Dispute, &text)?;
    let wanted = DisputeUpdate::read(&call.params)?;
    let call = call.expanding(Kind::Dispute.noun())?;
    let missing = || ItemId::missing(Kind::Dispute, &text);
    sim.perform(&call, id.owner, |intent| {
        intent.ok_or_else(missing)?.answer_dispute(id.place, &wanted, sim.terms())?.ok_or_else(missing)
    })
    .await
}
