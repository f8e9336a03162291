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
    machine_paths: &'static [&'static str],
}

impl Stack {
    /// How many requests may be in work at once; the next one is told to come again.
    pub const SEATS: usize = 2048;
    /// How long a reply may take to begin.
    pub const PATIENCE: Duration = Duration::from_secs(15);

    /// A stack for a service. `machine_paths` are called by machines that sign what they send (webhooks): neither the
    /// cross-site rule nor the content type applies to them.
    pub fn new(context: HttpContext, machine_paths: &'static [&'static str]) -> Self {
        Self { context, seats: Arc::new(Semaphore::new(Self::SEATS)), machine_paths }
    }

    pub(super) fn is_machine_path(&self, path: &str) -> bool {
        self.machine_paths.contains(&path)
    }
}

/// Puts a service's routes behind the shared middleware. Layers that the routes already have stay inside: they see a
/// whole, bounded JSON body.
pub fn stack(routes: Router, stack: &Stack) -> Router {
    routes
        .route_layer(from_fn_with_state(stack.clone(), body::read))
        .fallback(fallback::unknown_path)
        .method_not_allowed_fallback(fallback::unknown_method)
        .layer(from_fn_with_state(stack.clone(), admit))
        .layer(from_fn_with_state(stack.context.clone(), observe::observe))
}
