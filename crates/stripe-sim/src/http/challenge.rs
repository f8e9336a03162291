//! `/sim/3ds/{id}`: the buyer's bank, where 3-D Secure is accepted, refused or abandoned.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use common::Money;

use super::control::{is_browser, render};
use super::middleware::RequestId;
use super::{Call, Reply};
use crate::error::ApiError;
use crate::id::IntentId;
use crate::intent::{PaymentIntent, Status};
use crate::sim::StripeSim;

#[derive(Template)]
#[template(path = "challenge.html")]
struct Challenge<'a> {
    id: &'a str,
    amount: String,
}

#[derive(Template)]
#[template(path = "settled.html")]
struct NothingToConfirm;

#[derive(Template)]
#[template(path = "abandoned.html")]
struct Abandoned<'a> {
    id: &'a str,
}

/// `GET`: the bank's question.
pub(crate) async fn page(State(sim): State<StripeSim>, Path(id): Path<String>) -> Result<Response, ApiError> {
    let intent = find(&sim, IntentId::in_path(&id)?).await?;
    if intent.status != Status::RequiresAction {
        return render(&NothingToConfirm);
    }
    let amount = Money { amount: intent.amount, currency: intent.currency };
    render(&Challenge { id: &id, amount: amount.to_string() })
}

/// `POST …/accept`
pub(crate) async fn accept(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&sim, &id, Call::from_bank(request_id), &headers, true).await
}

/// `POST …/refuse`
pub(crate) async fn refuse(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&sim, &id, Call::from_bank(request_id), &headers, false).await
}

/// `POST …/abandon`: the payment stays as it is, and the browser does not return to the shop.
pub(crate) async fn abandon(
    State(sim): State<StripeSim>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let intent = find(&sim, IntentId::in_path(&id)?).await?;
    if is_browser(&headers) {
        return render(&Abandoned { id: &id });
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
        let intent = intent.ok_or_else(|| id.missing())?;
        intent.authenticate(accepted, sim.context()).map_err(|refusal| sim.refused(&call, intent, refusal))
    });
    let reply = reply.await?;
    if reply.status != StatusCode::OK || !is_browser(headers) {
        return Ok(reply.into_response());
    }
    let intent = find(sim, id).await?;
    Ok(match return_address(&intent) {
        Some(url) => Redirect::to(&url).into_response(),
        None => Redirect::to(&format!("/sim/3ds/{id}")).into_response(),
    })
}

async fn find(sim: &StripeSim, id: IntentId) -> Result<PaymentIntent, ApiError> {
    let record = sim.0.records.get(id.0).await?;
    record.map(|record| record.intent).ok_or_else(|| id.missing())
}

/// The return address with Stripe's parameters.
fn return_address(intent: &PaymentIntent) -> Option<String> {
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
