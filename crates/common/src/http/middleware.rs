//! The middleware that every service stands behind, in its order.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use http::StatusCode;
use tokio::sync::Semaphore;

use super::body::{self, Bodies, BodyRules};
use super::conditional::NotModified;
use super::request_durations::RequestDurations;
use super::write_limit::WriteLimit;
use super::{HttpContext, InFlightPermit, Next, cross_site, layer, observe};
use crate::Problem;

/// The rules that every request of a service is subject to.
pub struct MiddlewareStack {
    context: HttpContext,
    permits: Arc<Semaphore>,
    rules: BodyRules,
    writes: WriteLimit,
    durations: RequestDurations,
}

impl MiddlewareStack {
    /// The largest number of requests in flight, with those that a client has aborted and whose work continues; further
    /// ones are refused with 503.
    pub const MAX_IN_FLIGHT: usize = 2048;
    /// The time until a response must begin, once the body has arrived.
    pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

    /// A stack for a service. Requests to `signed_paths` carry a signature of their own (webhooks): the cross-site rule
    /// and the content type do not apply to them.
    pub fn new(context: HttpContext, signed_paths: &'static [&'static str]) -> Self {
        let permits = Arc::new(Semaphore::new(Self::MAX_IN_FLIGHT));
        let writes = WriteLimit::new(context.max_writes, &context.clock);
        let rules = BodyRules { bodies: Bodies::Json, signed_paths };
        Self { context, permits, rules, writes, durations: RequestDurations::default() }
    }

    /// The same stack for other bodies.
    #[must_use]
    pub fn accepting(mut self, bodies: Bodies) -> Self {
        self.rules.bodies = bodies;
        self
    }

    /// Wraps a service's routes in the shared middleware. Layers that the routes already have stay inside: they receive
    /// a whole, bounded body of the right content type.
    pub fn wrap(self, routes: Router) -> Router {
        let stack = Arc::new(self);
        let performing = Arc::clone(&stack);
        routes
            .route_layer(layer(move |request, next| perform(Arc::clone(&performing), request, next)))
            .fallback(async || Problem::not_found())
            .method_not_allowed_fallback(method_not_allowed)
            .layer(layer(move |request, next| observe_and_limit(Arc::clone(&stack), request, next)))
            .with_state(())
    }
}

/// Observes a request, limits the writes of each person, and applies the cross-site rule. One layer instead of one per
/// rule, since each allocates.
async fn observe_and_limit(stack: Arc<MiddlewareStack>, request: Request, next: Next) -> Response {
    let respond = async |request| {
        let work = AssertUnwindSafe(respond(&stack, request, next)).catch_unwind();
        work.await.unwrap_or_else(panicked)
    };
    observe::observe(&stack.context, &stack.durations, request, respond).await
}

async fn respond(stack: &MiddlewareStack, mut request: Request, next: Next) -> Response {
    if let Err(problem) = stack.writes.check(&stack.context, &mut request).await {
        return problem.into_response();
    }
    let exempt = stack.rules.is_signed(request.uri().path());
    if !exempt && let Err(problem) = cross_site::check(&request, stack.context.public_url.as_deref()) {
        return problem.into_response();
    }
    let not_modified = NotModified::requested(&request);
    not_modified.or(next.run(request).await)
}

/// Performs a request whose route exists: reads its body, then limits the requests in flight and their time. Slow bodies
/// hold no permit.
async fn perform(stack: Arc<MiddlewareStack>, request: Request, next: Next) -> Response {
    let mut request = match body::read(stack.rules, request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let Ok(permit) = Arc::clone(&stack.permits).try_acquire_owned() else {
        return Problem::unavailable().caused_by("too many requests in flight").into_response();
    };
    let permit = InFlightPermit::new(permit);
    request.extensions_mut().insert(permit.clone());
    let response = tokio::time::timeout(MiddlewareStack::REQUEST_TIMEOUT, next.run(request)).await;
    drop(permit);
    response.unwrap_or_else(|elapsed| Problem::unavailable().caused_by(elapsed).into_response())
}

/// 405; axum adds the `Allow` header.
async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "This address does not take that method; `Allow` names those it takes.",
    )
}

/// 500: a handler panicked. The message may contain anything, so only the log receives it.
#[expect(clippy::needless_pass_by_value, reason = "the type that `catch_unwind` returns")]
fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message");
    Problem::internal(format!("a handler panicked: {text}")).into_response()
}
