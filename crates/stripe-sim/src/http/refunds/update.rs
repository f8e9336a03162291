//! `POST /v1/refunds/{id}`

use axum::extract::{Path, State};

use crate::StripeSim;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::{ItemId, Kind};
use crate::refund::RefundUpdate;

/// Changes what is attached to a refund.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let id = ItemId::in_path(Kind::Refund, &text)?;
    let wanted = RefundUpdate::read(&call.params)?;
    let call = call.expanding(Kind::Refund.noun())?;
    let missing = || ItemId::missing(Kind::Refund, &text);
    sim.perform(&call, id.owner, |intent| {
        intent.ok_or_else(missing)?.update_refund(id.place, &wanted)?.ok_or_else(missing)
    })
    .await
}
