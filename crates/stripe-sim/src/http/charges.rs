//! `/v1/charges`

use axum::extract::{Path, State};

use super::read::{Filter, page_of};
use super::{Call, Reply};
use crate::charge::ChargeUpdate;
use crate::error::ApiError;
use crate::id::{ItemId, Kind};
use crate::sim::StripeSim;

/// `POST …/{id}`: changes description and metadata.
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let id = ItemId::in_path(Kind::Charge, &text)?;
    let requested = ChargeUpdate::read(&call.params)?;
    let call = call.with_expansion(Kind::Charge.noun())?;
    let missing = || ItemId::missing(Kind::Charge, &text);
    sim.perform(&call, id.owner, |intent| {
        intent.ok_or_else(missing)?.update_charge(id.position, &requested)?.ok_or_else(missing)
    })
    .await
}

/// `GET …/{id}/refunds`
pub(crate) async fn refunds(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    call.params.reject_unknown(&["ending_before", "expand", "limit", "starting_after"])?;
    let charge = ItemId::in_path(Kind::Charge, &text)?;
    let record = sim.0.records.get(charge.owner.0).await?;
    let exists = record.is_some_and(|record| record.intent.charges.len() > charge.position as usize);
    if !exists {
        return Err(ItemId::missing(Kind::Charge, &text));
    }
    page_of(&sim, call, Kind::Refund, Filter::of_charge(charge), format!("/v1/charges/{text}/refunds")).await
}
