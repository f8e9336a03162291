//! The network between payments and the card processor: requests arrive twice, replies are lost, and for days nothing
//! gets through.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::USER_AGENT;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use e2e::Rng;

use crate::coverage::Coverage;

/// Of so many requests of payments one arrives twice, and one is performed without a reply.
const FAULT_ONCE_IN: u32 = 12;

pub(crate) const DUPLICATE: &str = "a request performed twice";
pub(crate) const LOST_REPLY: &str = "a lost reply";
pub(crate) const OUTAGE: &str = "Stripe out of reach";

#[derive(Clone)]
pub(crate) struct Network(Arc<Inner>);

struct Inner {
    rng: Rng,
    coverage: Coverage,
    passes_keys: bool,
    is_down: AtomicBool,
    is_faultless: AtomicBool,
    requests: AtomicU64,
}

impl Network {
    /// `passes_keys`: whether idempotency keys arrive.
    pub(crate) fn new(rng: Rng, coverage: &Coverage, passes_keys: bool) -> Self {
        let (is_down, is_faultless, requests) = Default::default();
        let coverage = coverage.clone();
        Self(Arc::new(Inner { rng, coverage, passes_keys, is_down, is_faultless, requests }))
    }

    pub(crate) fn wrap(&self, stripe: Router) -> Router {
        stripe.layer(from_fn_with_state(self.clone(), pass))
    }

    /// Sets whether the card processor is unavailable to payments. Browsers reach it in any case.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.0.is_down.store(is_down, Ordering::SeqCst);
    }

    /// From now on every request arrives once and gets its reply.
    pub(crate) fn set_faultless(&self) {
        self.0.is_faultless.store(true, Ordering::SeqCst);
    }

    /// The number of requests so far, those of browsers included.
    pub(crate) fn requests(&self) -> u64 {
        self.0.requests.load(Ordering::SeqCst)
    }
}

async fn pass(State(Network(network)): State<Network>, mut request: Request, next: Next) -> Response {
    network.requests.fetch_add(1, Ordering::SeqCst);
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok());
    if !agent.is_some_and(|agent| agent.starts_with("ticketing-payments/")) {
        return next.run(request).await;
    }
    if network.is_down.load(Ordering::SeqCst) {
        network.coverage.record(OUTAGE);
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !network.passes_keys {
        request.headers_mut().remove("idempotency-key");
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let again = || Request::from_parts(parts.clone(), Body::from(body.clone()));
    match network.rng.below(FAULT_ONCE_IN) {
        _ if network.is_faultless.load(Ordering::SeqCst) => next.run(again()).await,
        // A proxy on the way sent the request again.
        0 => {
            next.clone().run(again()).await;
            network.coverage.record(DUPLICATE);
            next.run(again()).await
        }
        1 => {
            next.run(again()).await;
            network.coverage.record(LOST_REPLY);
            StatusCode::BAD_GATEWAY.into_response()
        }
        _ => next.run(again()).await,
    }
}
