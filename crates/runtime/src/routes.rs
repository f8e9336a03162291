//! A service's routes behind everything that all services share.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use common::http::{HttpContext, HttpSettings, MiddlewareStack, Sessions};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use ipnet::IpNet;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::idempotency::{Idempotency, honour};
use crate::openapi::describe;
use crate::{ServiceContext, Worker};

/// How people reach us.
#[derive(Debug, Clone, Default)]
pub struct HttpOptions {
    /// The address that people type, if it was configured.
    pub public_url: Option<String>,
    /// The networks of the proxies whose forwarded headers count.
    pub trusted_proxies: Vec<IpNet>,
}

/// The routes of one service.
pub struct Routes {
    /// Ready to be served, alone or merged with other services'.
    pub router: Router,
    /// Their description.
    pub openapi: OpenApi,
    /// What keeps them tidy.
    pub worker: Worker,
}

/// Puts the shared middleware around a service's routes and serves their description at
/// `<prefix>/openapi.json`.
pub fn routes(
    described: OpenApiRouter,
    prefix: &'static str,
    signed_paths: &'static [&'static str],
    context: &ServiceContext,
    sessions: Sessions,
    options: &HttpOptions,
) -> Routes {
    let http = HttpContext::new(HttpSettings {
        clock: context.clock.clone(),
        ids: context.ids.clone(),
        sessions,
        public_url: options.public_url.clone(),
        trusted_proxies: options.trusted_proxies.clone(),
    });
    let keys = Idempotency::new(context, http.clone());
    let (bare, mut openapi) = described.split_for_parts();
    describe(&mut openapi, prefix, signed_paths);
    let description = openapi.to_json().unwrap_or_default();
    let show = move || async move {
        ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, no-cache")], description)
    };
    let described = bare
        .route(&format!("{prefix}/openapi.json"), get(show))
        .route_layer(from_fn_with_state(keys.clone(), honour));
    let router = MiddlewareStack::new(http, signed_paths).wrap(described);
    Routes { router, openapi, worker: keys.worker() }
}
