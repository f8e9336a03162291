//! What every request goes through between getting its name and reaching its route.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;

use super::middleware::MiddlewareStack;
use super::reply::NotModified;
use super::{cross_site, fallback};
use crate::Problem;

/// One layer and not one for each rule: for every request axum clones all that stands inside a layer, so that the cost
/// of layers grows with the square of their number.
pub(super) async fn limit_in_flight(
    State(stack): State<MiddlewareStack>,
    request: Request,
    next: Next,
) -> Response {
    let work = AssertUnwindSafe(answer(&stack, request, next)).catch_unwind();
    work.await.unwrap_or_else(fallback::panicked)
}

async fn answer(stack: &MiddlewareStack, request: Request, next: Next) -> Response {
    let Ok(_permit) = stack.permits.try_acquire() else {
        return Problem::unavailable().caused_by("too many requests at once").into_response();
    };
    if let Err(problem) = cross_site::check(stack, &request) {
        return problem.into_response();
    }
    let not_modified = NotModified::asked(&request);
    match tokio::time::timeout(MiddlewareStack::REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => not_modified.or(response),
        Err(late) => Problem::unavailable().caused_by(late).into_response(),
    }
}
