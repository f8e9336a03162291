//! The simulator's HTTP surface.

mod auth;
mod call;
mod cancel;
mod capture;
mod challenge;
mod confirm;
mod create;
mod faults;
mod headers;
mod list;
mod outage;
mod refunds;
mod reply;
mod retrieve;
mod stripe_js;

use axum::http::{Method, Uri};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Router, response::IntoResponse};

pub(crate) use call::Call;
pub(crate) use reply::Reply;

use crate::StripeSim;
use crate::error::ApiError;

/// All routes.
pub(crate) fn router(sim: StripeSim) -> Router {
    let api = Router::new()
        .route("/v1/payment_intents", post(create::create).get(list::list))
        .route("/v1/payment_intents/{id}", get(retrieve::retrieve))
        .route("/v1/payment_intents/{id}/confirm", post(confirm::confirm))
        .route("/v1/payment_intents/{id}/capture", post(capture::capture))
        .route("/v1/payment_intents/{id}/cancel", post(cancel::cancel))
        .route("/v1/refunds", post(refunds::create).get(refunds::list))
        .route("/v1/refunds/{id}", get(refunds::retrieve))
        .route_layer(from_fn_with_state(sim.clone(), outage::strike));
    let controls = Router::new()
        .route("/sim/3ds/{id}", get(challenge::page))
        .route("/sim/3ds/{id}/accept", post(challenge::accept))
        .route("/sim/3ds/{id}/refuse", post(challenge::refuse))
        .route("/sim/faults", get(faults::show).post(faults::set).delete(faults::clear))
        .route("/stripe.js", get(stripe_js::script));
    api.merge(controls)
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(from_fn(headers::cross_origin))
        .layer(from_fn_with_state(sim.clone(), headers::stamp))
        .with_state(sim)
}

async fn unknown(method: Method, uri: Uri) -> impl IntoResponse {
    ApiError::unknown_url(method.as_str(), uri.path())
}
