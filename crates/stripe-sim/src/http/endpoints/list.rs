//! `GET /v1/webhook_endpoints`

use axum::extract::State;
use serde_json::{Value, json};

use crate::StripeSim;
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::http::list::limit;
use crate::http::{Call, Reply};
use crate::param::Params;

const KNOWN: &[&str] = &["ending_before", "expand", "limit", "starting_after"];

/// Newest first, a page at a time.
pub(crate) async fn list(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.secret_only()?;
    call.params.only(KNOWN)?;
    let limit = limit(&call.params)?;
    let all = sim.endpoints().await?;
    let newest: Vec<&Endpoint> = all.iter().rev().collect();
    let after = cursor(&newest, &call.params, "starting_after")?;
    let before = cursor(&newest, &call.params, "ending_before")?;
    let until = before.unwrap_or(newest.len());
    let between = &newest[after.map_or(0, |place| place + 1).min(until)..until];
    let skipped = if before.is_some() && after.is_none() { between.len().saturating_sub(limit) } else { 0 };
    let data: Vec<Value> = between.iter().skip(skipped).take(limit).map(|one| one.view()).collect();
    let has_more = between.len() > limit;
    let url = "/v1/webhook_endpoints";
    call.expanding_each("webhook_endpoint")?;
    Ok(Reply::ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url })))
}

/// The place of the endpoint next to which the page lies.
fn cursor(newest: &[&Endpoint], params: &Params, name: &str) -> Result<Option<usize>, ApiError> {
    let Some(id) = params.text(name) else { return Ok(None) };
    let place = newest.iter().position(|endpoint| endpoint.id.to_string() == id);
    let missing =
        || ApiError::parameter("resource_missing", name, format!("No such webhook endpoint: '{id}'"));
    place.map(Some).ok_or_else(missing)
}
