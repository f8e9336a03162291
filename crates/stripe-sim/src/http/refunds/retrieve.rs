//! `GET /v1/refunds/{id}`

use axum::extract::{Path, State};

use crate::StripeSim;
use crate::error::ApiError;
use crate::http::{Call, Reply};
use crate::record::Record;

/// One refund.
pub(crate) async fn retrieve(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(&["expand"])?;
    let missing = || ApiError::missing_refund(&id);
    let record = sim.0.records.claimed(Record::refund_claim(&id)).await?.ok_or_else(missing)?;
    let refund = record.intent.refunds.iter().find(|refund| refund.id.to_string() == id);
    Ok(Reply::ok(refund.ok_or_else(missing)?.view(&record.intent)))
}
