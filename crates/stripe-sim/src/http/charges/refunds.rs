//! `GET /v1/charges/{id}/refunds`

use axum::extract::{Path, State};

use crate::StripeSim;
use crate::error::ApiError;
use crate::http::list::{Filter, page_of};
use crate::http::{Call, Reply};
use crate::id::{ItemId, Kind};

/// The refunds of one charge.
pub(crate) async fn refunds(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(&["ending_before", "expand", "limit", "starting_after"])?;
    let charge = ItemId::in_path(Kind::Charge, &text)?;
    let record = sim.0.records.get(charge.owner.0).await?;
    let exists = record.is_some_and(|record| record.intent.charges.len() > charge.place as usize);
    if !exists {
        return Err(ItemId::missing(Kind::Charge, &text));
    }
    page_of(&sim, call, Kind::Refund, Filter::of_charge(charge), format!("/v1/charges/{text}/refunds")).await
}
