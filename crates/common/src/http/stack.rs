//! The middleware that every service stands behind, in its order.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::sync::Semaphore;

use super::admit::admit;
use super::{HttpContext, body, fallback, observe};

/// What the layers share. Cheap to clone.
#[derive(Clone)]
pub struct Stack {
    pub(super) context: HttpContext,
    pub(super) seats: Arc<Semaphore>,
    pub(super) bodies: Bodies,
    machine_paths: &'static [&'static str],
}

/// What a request's body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// `application/json`: what programs send.
    Json,
    /// `application/x-www-form-urlencoded`: what a page's forms send.
    Form,
}

impl Stack {
    /// How many requests may be in work at once; the next one is told to come again.
    pub const SEATS: usize = 2048;
    /// How long a reply may take to begin.
    pub const PATIENCE: Duration = Duration::from_secs(15);

    /// A stack for a service. `machine_paths` are called by machines that sign what they send (webhooks): neither the
    /// cross-site rule nor the content type applies to them.
    pub fn new(context: HttpContext, machine_paths: &'static [&'static str]) -> Self {
        let seats = Arc::new(Semaphore::new(Self::SEATS));
        Self { context, seats, bodies: Bodies::Json, machine_paths }
    }

    /// The same stack for other bodies.
    #[must_use]
    pub fn taking(self, bodies: Bodies) -> Self {
        Self { bodies, ..self }
    }

    pub(super) fn is_machine_path(&self, path: &str) -> bool {
        self.machine_paths.contains(&path)
    }
}

/// Puts a service's routes behind the shared middleware. Layers that the routes already have stay inside: they see a
/// whole, bounded body of the right kind.
pub fn stack(routes: Router, stack: &Stack) -> Router {
    routes
        .route_layer(from_fn_with_state(stack.clone(), body::read))
        .fallback(fallback::unknown_path)
        .method_not_allowed_fallback(fallback::unknown_method)
        .layer(from_fn_with_state(stack.clone(), admit))
        .layer(from_fn_with_state(stack.context.clone(), observe::observe))
}
