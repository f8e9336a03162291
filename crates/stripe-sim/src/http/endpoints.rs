//! `/v1/webhook_endpoints`

use axum::extract::{Path, State};
use common::Decision;
use serde_json::{Value, json};
use store::{CommitError, UpdateError};
use uuid::Uuid;

use super::read::limit;
use super::{Call, Reply};
use crate::endpoint::{Endpoint, EndpointId, EndpointUpdate, NewEndpoint, RollRequest};
use crate::error::ApiError;
use crate::format::hex;
use crate::param::Params;
use crate::sim::{MAX_ENDPOINTS, StripeSim};

const LIST_PARAMS: &[&str] = &["ending_before", "expand", "limit", "starting_after"];

/// `POST`: only this reply contains the secret.
pub(crate) async fn create(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let requested = NewEndpoint::read(&call.params)?;
    call.with_expansion("webhook_endpoint")?;
    if sim.endpoints().await?.len() >= MAX_ENDPOINTS {
        let message = format!("You have reached the maximum of {MAX_ENDPOINTS} webhook endpoints.");
        return Err(ApiError::invalid(message));
    }
    let id = EndpointId(sim.0.ids.next::<Uuid>());
    let endpoint = requested.create(id, new_secret(&sim), sim.0.clock.now());
    let created = sim.0.endpoints.commit(Decision::without_event(endpoint)).await;
    sim.endpoints_changed();
    Ok(Reply::ok(created?.view_with_secret()))
}

/// `GET …/{id}`
pub(crate) async fn retrieve(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    call.params.reject_unknown(&["expand"])?;
    call.with_expansion("webhook_endpoint")?;
    let id = EndpointId::in_path(&text)?;
    let endpoints = sim.endpoints().await?;
    let endpoint = endpoints.iter().find(|endpoint| endpoint.id == id);
    Ok(Reply::ok(endpoint.ok_or_else(|| EndpointId::missing(&text))?.view()))
}

/// `GET`: newest first, in pages.
pub(crate) async fn list(State(sim): State<StripeSim>, call: Call) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    call.params.reject_unknown(LIST_PARAMS)?;
    let limit = limit(&call.params)?;
    let all = sim.endpoints().await?;
    let newest: Vec<&Endpoint> = all.iter().rev().collect();
    let after = cursor(&newest, &call.params, "starting_after")?;
    let before = cursor(&newest, &call.params, "ending_before")?;
    let until = before.unwrap_or(newest.len());
    let between = &newest[after.map_or(0, |position| position + 1).min(until)..until];
    let skipped = if before.is_some() && after.is_none() { between.len().saturating_sub(limit) } else { 0 };
    let data: Vec<Value> = between.iter().skip(skipped).take(limit).map(|one| one.view()).collect();
    let has_more = between.len() > limit;
    let url = "/v1/webhook_endpoints";
    call.with_list_expansion("webhook_endpoint")?;
    Ok(Reply::ok(json!({ "object": "list", "data": data, "has_more": has_more, "url": url })))
}

/// The position of a cursor's endpoint.
fn cursor(newest: &[&Endpoint], params: &Params, name: &str) -> Result<Option<usize>, ApiError> {
    let Some(id) = params.text(name) else { return Ok(None) };
    let position = newest.iter().position(|endpoint| endpoint.id.to_string() == id);
    let missing =
        || ApiError::parameter("resource_missing", name, format!("No such webhook endpoint: '{id}'"));
    position.map(Some).ok_or_else(missing)
}

/// `POST …/{id}`
pub(crate) async fn update(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let requested = EndpointUpdate::read(&call.params)?;
    call.with_expansion("webhook_endpoint")?;
    Ok(Reply::ok(change(&sim, &text, |endpoint| endpoint.update(&requested)).await?.view()))
}

/// `DELETE …/{id}`: pending deliveries are no longer sent.
pub(crate) async fn delete(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let id = stored(&text)?;
    let endpoint = sim.0.endpoints.get(id.0).await?.ok_or_else(|| EndpointId::missing(&text))?;
    let removed = sim.0.endpoints.remove(&endpoint).await;
    sim.endpoints_changed();
    match removed {
        Ok(()) => Ok(Reply::ok(json!({ "id": text, "object": "webhook_endpoint", "deleted": true }))),
        Err(CommitError::Store(error)) => Err(error.into()),
        Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Err(ApiError::locked()),
    }
}

/// `POST /sim/webhook_endpoints/{id}/roll`, which Stripe offers in its dashboard only: a new secret, beside which the
/// former one signs for `expires_in` seconds.
pub(crate) async fn roll(
    State(sim): State<StripeSim>,
    Path(text): Path<String>,
    call: Call,
) -> Result<Reply, ApiError> {
    call.require_secret_key()?;
    let request = RollRequest::read(&call.params)?;
    let (secret, now) = (new_secret(&sim), sim.0.clock.now());
    let rolled = change(&sim, &text, |endpoint| Ok(endpoint.roll(secret.clone(), request, now))).await?;
    Ok(Reply::ok(rolled.view_with_secret()))
}

/// Changes the endpoint of this id.
async fn change(
    sim: &StripeSim,
    text: &str,
    decide: impl Fn(&Endpoint) -> Result<Endpoint, ApiError>,
) -> Result<Endpoint, ApiError> {
    let id = stored(text)?;
    let changed = sim.0.endpoints.update(id.0, |current| {
        let current = current.ok_or_else(|| EndpointId::missing(text))?;
        Ok::<_, ApiError>(Some(Decision::without_event(decide(current)?)))
    });
    let changed = changed.await;
    sim.endpoints_changed();
    match changed {
        Ok(endpoint) => endpoint.ok_or_else(|| EndpointId::missing(text)),
        Err(UpdateError::Refused(error)) => Err(error),
        Err(UpdateError::Store(error)) => Err(error.into()),
        Err(UpdateError::DuplicateKey(_)) => Err(ApiError::internal()),
    }
}

/// The id of an endpoint that may be changed.
fn stored(text: &str) -> Result<EndpointId, ApiError> {
    let id = EndpointId::in_path(text)?;
    if id.is_configured() {
        let message = "This endpoint comes from the simulator's settings; restart the simulator with others.";
        return Err(ApiError::invalid(message).about_parameter("webhook_endpoint"));
    }
    Ok(id)
}

/// A secret in Stripe's format.
fn new_secret(sim: &StripeSim) -> String {
    format!("whsec_{}", hex(&sim.0.ids.bytes::<16>()))
}
