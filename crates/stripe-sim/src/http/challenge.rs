//! `/sim/3ds/{id}`: the buyer's bank, where 3-D Secure is accepted or refused.

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::Call;
use super::confirm::new_charge;
use super::headers::RequestId;
use crate::StripeSim;
use crate::error::ApiError;
use crate::intent::{IntentId, PaymentIntent, Status};

/// The page's forms lead anywhere, because the browser is sent back to the shop; nothing else is loaded.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'";

/// Asks the buyer.
pub(crate) async fn page(State(sim): State<StripeSim>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let intent = find(&sim, IntentId::in_path(&id)?).await?;
    let amount = common::Money { amount: intent.amount, currency: intent.currency };
    let html = if intent.status == Status::RequiresAction {
        include_str!("../../assets/challenge.html")
            .replace("{id}", &id)
            .replace("{amount}", &amount.to_string())
    } else {
        include_str!("../../assets/settled.html").to_owned()
    };
    Ok(([(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response())
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

async fn answer(
    sim: &StripeSim,
    id: &str,
    call: Call,
    headers: &HeaderMap,
    accepted: bool,
) -> Result<Response, ApiError> {
    let id = IntentId::in_path(id)?;
    let charge = new_charge(sim);
    let reply = sim.perform(&call, id, |intent| {
        let intent = intent.ok_or_else(|| ApiError::missing(&id.to_string()))?;
        intent.authenticate(accepted, charge.clone()).map_err(|refusal| sim.refused(&call, intent, refusal))
    });
    let reply = reply.await?;
    let is_browser = headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().starts_with(b"text/html"));
    if reply.status != StatusCode::OK || !is_browser {
        return Ok(reply.into_response());
    }
    let intent = find(sim, id).await?;
    Ok(match back_to_the_shop(&intent, accepted) {
        Some(url) => Redirect::to(&url).into_response(),
        None => Redirect::to(&format!("/sim/3ds/{id}")).into_response(),
    })
}

async fn find(sim: &StripeSim, id: IntentId) -> Result<PaymentIntent, ApiError> {
    let record = sim.0.records.get(id.0).await?;
    record.map(|record| record.intent).ok_or_else(|| ApiError::missing(&id.to_string()))
}

/// The return address with what Stripe adds to it.
fn back_to_the_shop(intent: &PaymentIntent, accepted: bool) -> Option<String> {
    let url = intent.return_url.as_deref()?;
    let (url, fragment) =
        url.split_once('#').map_or((url, String::new()), |(url, rest)| (url, format!("#{rest}")));
    let separator = if url.contains('?') { '&' } else { '?' };
    let outcome = if accepted { "succeeded" } else { "failed" };
    let (id, secret) = (intent.id, &intent.client_secret);
    Some(format!(
        "{url}{separator}payment_intent={id}&payment_intent_client_secret={secret}&redirect_status={outcome}{fragment}"
    ))
}
