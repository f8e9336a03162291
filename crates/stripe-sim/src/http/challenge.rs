//! `/sim/3ds/{id}`: the buyer's bank, where 3-D Secure is accepted, refused or left without an answer.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::headers::RequestId;
use super::payment_intents::missing;
use super::{Call, Reply, control};
use crate::StripeSim;
use crate::error::ApiError;
use crate::intent::{IntentId, PaymentIntent, Status};

/// Asks the buyer.
pub(crate) async fn page(State(sim): State<StripeSim>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let intent = find(&sim, IntentId::in_path(&id)?).await?;
    if intent.status != Status::RequiresAction {
        return control::settled();
    }
    control::challenge(&id, common::Money { amount: intent.amount, currency: intent.currency })
}

/// The buyer agrees.
pub(crate) async fn accept(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&sim, &id, Call::of_the_bank(request_id), &headers, true).await
}

/// The buyer does not.
pub(crate) async fn refuse(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&sim, &id, Call::of_the_bank(request_id), &headers, false).await
}

/// The buyer goes away: nothing happens, and the browser does not come back to the shop.
pub(crate) async fn abandon(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let intent = find(&sim, IntentId::in_path(&id)?).await?;
    if control::is_browser(&headers) {
        return control::left(&id);
    }
    Ok(Reply::ok(intent.view(&sim.0.settings.public_url)).into_response())
}

async fn answer(
    sim: &StripeSim,
    id: &str,
    call: Call,
    headers: &HeaderMap,
    accepted: bool,
) -> Result<Response, ApiError> {
    let id = IntentId::in_path(id)?;
    let reply = sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| missing(id))?;
        intent.authenticate(accepted, sim.terms()).map_err(|refusal| sim.refused(&call, intent, refusal))
    });
    let reply = reply.await?;
    if reply.status != StatusCode::OK || !control::is_browser(headers) {
        return Ok(reply.into_response());
    }
    let intent = find(sim, id).await?;
    Ok(match back_to_the_shop(&intent) {
        Some(url) => Redirect::to(&url).into_response(),
        None => Redirect::to(&format!("/sim/3ds/{id}")).into_response(),
    })
}

async fn find(sim: &StripeSim, id: IntentId) -> Result<PaymentIntent, ApiError> {
    let record = sim.0.records.get(id.0).await?;
    record.map(|record| record.intent).ok_or_else(|| missing(id))
}

/// The return address with what Stripe adds to it.
fn back_to_the_shop(intent: &PaymentIntent) -> Option<String> {
    let url = intent.return_url.as_deref()?;
    let (url, fragment) =
        url.split_once('#').map_or((url, String::new()), |(url, rest)| (url, format!("#{rest}")));
    let separator = if url.contains('?') { '&' } else { '?' };
    let failed = intent.status == Status::RequiresPaymentMethod;
    let outcome = if failed { "failed" } else { "succeeded" };
    let (id, secret) = (intent.id, &intent.client_secret);
    Some(format!(
        "{url}{separator}payment_intent={id}&payment_intent_client_secret={secret}&redirect_status={outcome}{fragment}"
    ))
}
