//! The faults that strike before anything is done.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::StripeSim;
use crate::error::ApiError;

/// In how many seconds whoever was answered 429 shall come again.
const COME_AGAIN_IN: &str = "3";

/// Answers 429 or 500 instead, if it was told to.
pub(crate) async fn strike(State(sim): State<StripeSim>, request: Request, next: Next) -> Response {
    if sim.faults().take(|faults| &mut faults.api.rate_limit) {
        // Stripe says which of its limits it was (<https://docs.stripe.com/rate-limits>).
        let headers = [("stripe-rate-limited-reason", "global-rate"), ("retry-after", COME_AGAIN_IN)];
        (headers, ApiError::rate_limit()).into_response()
    } else if sim.faults().take(|faults| &mut faults.api.fail_before) {
        ApiError::internal().into_response()
    } else {
        next.run(request).await
    }
}
