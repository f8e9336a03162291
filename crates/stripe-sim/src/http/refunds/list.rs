//! `GET /v1/refunds?payment_intent=pi_...`

use axum::extract::State;
use serde_json::{Value, json};

use crate::StripeSim;
use crate::error::ApiError;
use crate::http::list::limit;
use crate::http::{Call, Reply};
use crate::intent::IntentId;
use crate::param::Params;
use crate::refund::Refund;

const KNOWN: &[&str] = &["ending_before", "expand", "limit", "payment_intent", "starting_after"];

/// The refunds of one `PaymentIntent`, newest first, a page at a time.
pub(crate) async fn list(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(KNOWN)?;
    let limit = limit(&call.params)?;
    let id = IntentId::in_parameter(call.params.required("payment_intent")?)?;
    let record = sim.0.records.get(id.0).await?;
    let intent = record.ok_or_else(|| ApiError::missing_parameter(&id.to_string()))?.intent;
    let newest: Vec<&Refund> = intent.refunds.iter().rev().collect();
    let after = cursor(&newest, &call.params, "starting_after")?;
    let before = cursor(&newest, &call.params, "ending_before")?;
    let until = before.unwrap_or(newest.len());
    let between = &newest[after.map_or(0, |place| place + 1).min(until)..until];
    let skipped = if before.is_some() && after.is_none() { between.len().saturating_sub(limit) } else { 0 };
    let data: Vec<Value> = between.iter().skip(skipped).take(limit).map(|one| one.view(&intent)).collect();
    let has_more = between.len() > limit;
    Ok(Reply::ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": "/v1/refunds" })))
}

/// The place of the refund next to which the page lies.
fn cursor(newest: &[&Refund], params: &Params, name: &str) -> Result<Option<usize>, ApiError> {
    let Some(id) = params.text(name) else { return Ok(None) };
    let place = newest.iter().position(|refund| refund.id.to_string() == id);
    let missing = || ApiError::parameter("resource_missing", name, format!("No such refund: '{id}'"));
    place.map(Some).ok_or_else(missing)
}
