//! `POST /v1/charges/{id}`

use axum::extract::{Path, State};

use crate::StripeSim;
use crate::charge::ChargeUpdate;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::id::{ItemId, Kind};

/// Changes what is attached to a charge.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    let id = ItemId::in_path(Kind::Charge, &text)?;
    let wanted = ChargeUpdate::read(&call.params)?;
    let call = call.expanding(Kind::Charge.noun())?;
    let missing = || ItemId::missing(Kind::Charge, &text);
    sim.perform(&call, id.owner, |intent| {
        intent.ok_or_else(missing)?.update_charge(id.place, &wanted)?.ok_or_else(missing)
    })
    .await
}
