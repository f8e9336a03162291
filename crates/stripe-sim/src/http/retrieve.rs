//! `GET /v1/charges/{id}` and its like: any object but a `PaymentIntent`, which browsers may see, too.

use axum::extract::{Path, State};

use super::{Call, Reply};
use crate::StripeSim;
use crate::error::ApiError;
use crate::id::{ItemId, Kind};

/// The present state of one object.
pub(crate) async fn retrieve(
    kind: Kind,
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(&["expand"])?;
    let call = call.expanding(kind.noun())?;
    let id = ItemId::in_path(kind, &text)?;
    let missing = || ItemId::missing(kind, &text);
    let record = sim.0.records.get(id.owner.0).await?.ok_or_else(missing)?;
    let (base, now) = (&sim.0.settings.public_url, sim.0.clock.now());
    let mut view = record.view(kind, id.place, base, now).ok_or_else(missing)?;
    call.expand(&record.intent, &mut view, base, now);
    Ok(Reply::ok(view))
}
