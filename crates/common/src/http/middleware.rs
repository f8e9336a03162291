//! The middleware that every service stands behind, in its order.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::sync::Semaphore;

use super::limit_in_flight::limit_in_flight;
use super::{HttpContext, body, fallback, observe};

/// What the layers share. Cheap to clone.
#[derive(Clone)]
pub struct MiddlewareStack {
    pub(super) context: HttpContext,
    pub(super) permits: Arc<Semaphore>,
    pub(super) bodies: Bodies,
    signed_paths: &'static [&'static str],
}

/// What a request's body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// `application/json`: what programs send.
    Json,
    /// `application/x-www-form-urlencoded`: what a page's forms send.
    Form,
}

impl MiddlewareStack {
    /// How many requests may be in work at once; the next one is told to come again.
    pub const MAX_IN_FLIGHT: usize = 2048;
    /// How long a reply may take to begin.
    pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

    /// A stack for a service. `signed_paths` are called by machines that sign what they send (webhooks): neither the
    /// cross-site rule nor the content type applies to them.
    pub fn new(context: HttpContext, signed_paths: &'static [&'static str]) -> Self {
        let permits = Arc::new(Semaphore::new(Self::MAX_IN_FLIGHT));
        Self { context, permits, bodies: Bodies::Json, signed_paths }
    }

    /// The same stack for other bodies.
    #[must_use]
    pub fn accepting(self, bodies: Bodies) -> Self {
        Self { bodies, ..self }
    }

    /// Wraps a service's routes in the shared middleware. Layers that the routes already have stay inside: they receive
    /// a whole, bounded body of the right content type.
    pub fn wrap(self, routes: Router) -> Router {
        let context = self.context.clone();
        routes
            .route_layer(from_fn_with_state(self.clone(), body::read))
            .fallback(fallback::unknown_path)
            .method_not_allowed_fallback(fallback::unknown_method)
            .layer(from_fn_with_state(self, limit_in_flight))
            .layer(from_fn_with_state(context, observe::observe))
    }

    pub(super) fn is_signed_path(&self, path: &str) -> bool {
        self.signed_paths.contains(&path)
    }
}
