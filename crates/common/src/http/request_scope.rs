//! The surroundings of a request, for work that continues in a task of its own.

use std::sync::Arc;

use axum::extract::Request;
use http::HeaderValue;
use tokio::sync::OwnedSemaphorePermit;
use tracing::{Instrument, Span};

use super::request_id;
use crate::trace;

/// The permit of a request, in its extensions. Work that continues after the request holds the permit to its end, so that
/// [`MiddlewareStack::MAX_IN_FLIGHT`](super::MiddlewareStack::MAX_IN_FLIGHT) bounds that work, too.
#[derive(Clone)]
pub(super) struct InFlightPermit(#[expect(dead_code, reason = "held, never read")] Arc<OwnedSemaphorePermit>);

impl InFlightPermit {
    pub(super) fn new(permit: OwnedSemaphorePermit) -> Self {
        Self(Arc::new(permit))
    }
}

/// The id, the trace and the permit of a request, for the task that performs the request's work.
pub struct RequestScope {
    id: HeaderValue,
    trace: Option<String>,
    span: Span,
    permit: Option<InFlightPermit>,
}

impl RequestScope {
    /// The surroundings of the current request.
    pub fn of(request: &Request) -> Self {
        let permit = request.extensions().get().cloned();
        Self { id: request_id::value(), trace: trace::current(), span: Span::current(), permit }
    }

    /// Runs `work` in these surroundings.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        let Self { id, trace, span, permit } = self;
        let output = trace::scope(trace, request_id::scope(id, work)).instrument(span).await;
        drop(permit);
        output
    }
}
