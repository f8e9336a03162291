//! What lies between payments and the card processor: requests arrive twice, answers are lost, and for days nothing
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

use crate::dice::Dice;
use crate::seen::Seen;

/// Of so many requests of ours one arrives twice, and one stays without an answer.
const TROUBLE_ONCE_IN: u32 = 12;

#[derive(Clone)]
pub(crate) struct Network(Arc<Inner>);

struct Inner {
    dice: Dice,
    seen: Seen,
    /// Whether idempotency keys arrive.
    keys: bool,
    down: AtomicBool,
    calm: AtomicBool,
    requests: AtomicU64,
}

impl Network {
    pub(crate) fn new(dice: Dice, seen: &Seen, keys: bool) -> Self {
        let (down, calm, requests) = Default::default();
        Self(Arc::new(Inner { dice, seen: seen.clone(), keys, down, calm, requests }))
    }

    pub(crate) fn around(&self, stripe: Router) -> Router {
        stripe.layer(from_fn_with_state(self.clone(), pass))
    }

    /// Whether payments reaches the card processor from now on. Browsers do in any case.
    pub(crate) fn set_down(&self, down: bool) {
        self.0.down.store(down, Ordering::SeqCst);
    }

    /// From now on, whatever is sent arrives once and is answered.
    pub(crate) fn set_calm(&self) {
        self.0.calm.store(true, Ordering::SeqCst);
    }

    /// How many requests have come so far, whosever they were.
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
    if network.down.load(Ordering::SeqCst) {
        network.seen.note("Stripe out of reach");
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    if !network.keys {
        request.headers_mut().remove("idempotency-key");
    }
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.expect("a body");
    let again = || Request::from_parts(parts.clone(), Body::from(body.clone()));
    match network.dice.roll(TROUBLE_ONCE_IN) {
        _ if network.calm.load(Ordering::SeqCst) => next.run(again()).await,
        // Somebody on the way believed that it was lost, and sent it again.
        0 => {
            next.clone().run(again()).await;
            network.seen.note("a request performed twice");
            next.run(again()).await
        }
        1 => {
            next.run(again()).await;
            network.seen.note("a lost answer");
            StatusCode::BAD_GATEWAY.into_response()
        }
        _ => next.run(again()).await,
    }
}
