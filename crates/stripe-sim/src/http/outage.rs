//! The faults that strike before anything is done.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::StripeSim;
use crate::error::ApiError;

/// Answers 429 or 500 instead, if it was told to.
pub(crate) async fn strike(State(sim): State<StripeSim>, request: Request, next: Next) -> Response {
    if sim.faults().take(|faults| &mut faults.api.rate_limit) {
        // Stripe says which of its limits it was (<https://docs.stripe.com/rate-limits>).
        ([("stripe-rate-limited-reason", "global-rate")], ApiError::rate_limit()).into_response()
    } else if sim.faults().take(|faults| &mut faults.api.fail_before) {
        ApiError::internal().into_response()
    } else {
        next.run(request).await
    }
}
