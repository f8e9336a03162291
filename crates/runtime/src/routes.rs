//! A service's routes behind the middleware that all services share.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use common::http::{HostCookie, MiddlewareStack, Sessions, layer};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::idempotency::{Idempotency, idempotency_layer};
use crate::openapi::describe;
use crate::{HttpOptions, ServiceContext, Worker};

/// The routes of one service.
pub struct Routes {
    /// The complete routes.
    pub router: Router,
    /// Their description, `openapi.json`.
    pub openapi: OpenApi,
    /// The worker that removes expired idempotency keys.
    pub worker: Worker,
}

/// Wraps a service's routes in the shared middleware and serves their description at `<prefix>/openapi.json`.
pub fn routes(
    service: &'static str,
    described: OpenApiRouter,
    prefix: &'static str,
    signed_paths: &'static [&'static str],
    context: &ServiceContext,
    sessions: Sessions,
    options: &HttpOptions,
) -> Routes {
    let http = options.context(service, context.clock.clone(), context.ids.clone(), sessions);
    let keys = Arc::new(Idempotency::new(context, http.clone()));
    let worker = keys.worker();
    let (router, mut openapi) = described.split_for_parts();
    describe(&mut openapi, prefix, HostCookie::session(&http).name(), signed_paths);
    let description = openapi.to_json().unwrap_or_default();
    let read_description = move || async move {
        ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, no-cache")], description)
    };
    let router = router
        .route(&format!("{prefix}/openapi.json"), get(read_description))
        .route_layer(layer(move |request, next| idempotency_layer(Arc::clone(&keys), request, next)));
    let router = MiddlewareStack::new(http, signed_paths).wrap(router);
    Routes { router, openapi, worker }
}
