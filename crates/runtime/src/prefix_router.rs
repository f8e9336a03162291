//! One address for several services: the ingress of a single process.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::ServiceExt;

/// Routes each request to the service with the prefix of its path.
pub struct PrefixRouter {
    services: Vec<(&'static str, Router)>,
    rest: Router,
}

impl PrefixRouter {
    /// `rest` answers the paths without a service.
    pub fn new(services: Vec<(&'static str, Router)>, rest: Router) -> Self {
        Self { services, rest }
    }

    /// Converts into one router. Unlike merged routers, each service keeps its middleware and answers its unknown paths.
    pub fn into_router(self) -> Router {
        let services = Arc::new(self);
        // With its state now, or axum would convert the handler for every request.
        Router::new().fallback(move |request| Arc::clone(&services).forward(request)).with_state(())
    }

    async fn forward(self: Arc<Self>, request: Request) -> Response {
        let router = self.service(request.uri().path()).clone();
        match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    fn service(&self, path: &str) -> &Router {
        let serves = |prefix: &str| {
            path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.services.iter().find(|(prefix, _)| serves(prefix)).map_or(&self.rest, |(_, router)| router)
    }
}
