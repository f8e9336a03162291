//! The simulator's HTTP surface.

mod call;
mod challenge;
mod charges;
mod control;
mod disputes;
mod endpoints;
mod expand;
mod idempotency;
mod middleware;
mod payment_intents;
mod read;
mod refunds;
mod reply;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{MethodRouter, get, post};

pub(crate) use call::Call;
pub(crate) use reply::Reply;

use crate::error::ApiError;
use crate::id::Kind;
use crate::sim::StripeSim;

impl StripeSim {
    /// All routes of the simulator.
    pub fn router(&self) -> Router {
        router(self.clone())
    }
}

fn router(sim: StripeSim) -> Router {
    let api = payments().merge(refunds_and_disputes()).merge(balance_and_events()).merge(webhook_endpoints());
    api.route_layer(from_fn_with_state(sim.clone(), middleware::inject_faults))
        .merge(controls())
        .fallback(unknown_url)
        .method_not_allowed_fallback(unknown_url)
        .layer(from_fn_with_state(sim.clone(), middleware::add_headers))
        .layer(from_fn(middleware::cross_origin))
        .with_state(sim)
}

/// The list of one kind of object.
fn list_of(kind: Kind) -> MethodRouter<StripeSim> {
    get(move |state, call| read::list(kind, state, call))
}

/// One object of a kind.
fn one_of(kind: Kind) -> MethodRouter<StripeSim> {
    get(move |state, path, call| read::retrieve(kind, state, path, call))
}

fn payments() -> Router<StripeSim> {
    use payment_intents::{cancel, capture, confirm, create, retrieve, update};
    Router::new()
        .route("/v1/payment_intents", list_of(Kind::PaymentIntent).post(create))
        .route("/v1/payment_intents/{id}", get(retrieve).post(update))
        .route("/v1/payment_intents/{id}/confirm", post(confirm))
        .route("/v1/payment_intents/{id}/capture", post(capture))
        .route("/v1/payment_intents/{id}/cancel", post(cancel))
        .route("/v1/charges", list_of(Kind::Charge))
        .route("/v1/charges/{id}", one_of(Kind::Charge).post(charges::update))
        .route("/v1/charges/{id}/refunds", get(charges::refunds))
}

fn refunds_and_disputes() -> Router<StripeSim> {
    Router::new()
        .route("/v1/refunds", list_of(Kind::Refund).post(refunds::create))
        .route("/v1/refunds/{id}", one_of(Kind::Refund).post(refunds::update))
        .route("/v1/disputes", list_of(Kind::Dispute))
        .route("/v1/disputes/{id}", one_of(Kind::Dispute).post(disputes::update))
        .route("/v1/disputes/{id}/close", post(disputes::close))
}

fn balance_and_events() -> Router<StripeSim> {
    Router::new()
        .route("/v1/balance", get(read::balance))
        .route("/v1/balance_transactions", list_of(Kind::Transaction))
        .route("/v1/balance_transactions/{id}", one_of(Kind::Transaction))
        .route("/v1/events", list_of(Kind::Event))
        .route("/v1/events/{id}", one_of(Kind::Event))
}

fn webhook_endpoints() -> Router<StripeSim> {
    use endpoints::{create, delete, list, retrieve, update};
    Router::new()
        .route("/v1/webhook_endpoints", get(list).post(create))
        .route("/v1/webhook_endpoints/{id}", get(retrieve).post(update).delete(delete))
}

/// Routes that Stripe does not have, or offers in its dashboard only.
fn controls() -> Router<StripeSim> {
    Router::new()
        .route("/", get(async || Redirect::to("/sim")))
        .route("/sim", get(control::overview))
        .route("/sim/style.css", get(style))
        .route("/sim/payment_intents/{id}", get(control::payment))
        .route("/sim/events/{id}", get(control::event))
        .route("/sim/events/{id}/resend", post(control::resend))
        .route("/sim/charges/{id}/dispute", post(control::dispute))
        .route("/sim/disputes/{id}/{decision}", post(control::decide_dispute))
        .route("/sim/webhook_endpoints/{id}/roll", post(endpoints::roll))
        .route("/sim/3ds/{id}", get(challenge::page))
        .route("/sim/3ds/{id}/accept", post(challenge::accept))
        .route("/sim/3ds/{id}/refuse", post(challenge::refuse))
        .route("/sim/3ds/{id}/abandon", post(challenge::abandon))
        .route("/sim/faults", get(control::show).post(control::set).delete(control::clear))
        .route("/sim/control/faults", post(control::set_form))
        .route("/sim/control/faults/clear", post(control::clear_form))
        .route("/stripe.js", get(script))
}

async fn unknown_url(method: Method, uri: Uri) -> impl IntoResponse {
    ApiError::unknown_url(method.as_str(), uri.path())
}

/// The style sheet of every page.
async fn style() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../../assets/style.css"))
}

/// The substitute for Stripe's script.
async fn script() -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, include_str!("../../assets/stripe.js"))
}
