//! One address in front of several services, as the ingress is in a cluster.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use tower::ServiceExt;

/// Sends each request to the service whose prefix its path begins with.
pub struct PrefixRouter {
    services: Vec<(&'static str, Router)>,
    rest: Router,
}

impl PrefixRouter {
    /// `rest` answers what no service does.
    pub fn new(services: Vec<(&'static str, Router)>, rest: Router) -> Self {
        Self { services, rest }
    }

    /// The whole as one router. Each service keeps its own middleware and answers its own unknown paths, which
    /// merged routers could not.
    pub fn into_router(self) -> Router {
        let front = Arc::new(self);
        Router::new().fallback(move |request| Arc::clone(&front).pass(request))
    }

    async fn pass(self: Arc<Self>, request: Request) -> Response {
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
