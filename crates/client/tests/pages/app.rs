//! The client alone, in front of services that a test makes up.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use client::{Api, Settings};
use common::clock::SystemClock;
use common::http::Sessions;
use common::{Ids, SharedClock, SystemEntropy};
use runtime::{HttpOptions, RemoteKeys};
use tower::ServiceExt;

/// The client's router.
pub(crate) struct TestApp(Router);

impl TestApp {
    /// The client in front of services in this process.
    pub(crate) fn with_services(services: Router) -> Self {
        Self::new(Api::in_process(services))
    }

    pub(crate) fn new(api: Api) -> Self {
        let clock: SharedClock = Arc::new(SystemClock);
        let keys = RemoteKeys::new("http://127.0.0.1:1/jwks.json".into(), Arc::clone(&clock));
        let settings = Settings {
            ids: Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy)),
            clock,
            sessions: Sessions::new(Arc::new(keys)),
            http: HttpOptions::default(),
            stripe_js: "https://js.stripe.com/v3/".into(),
        };
        Self(client::routes(settings, api))
    }

    /// The status and the HTML of a page.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, String) {
        html(self.call(Request::get(path).body(Body::empty()).expect("a request")).await).await
    }

    /// Sends a form, with this `Cookie` header.
    pub(crate) async fn post_form(
        &self,
        path: &str,
        cookie: &str,
        fields: &[(&str, &str)],
    ) -> Response<Body> {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let body = serde_urlencoded::to_string(fields).expect("a form");
        self.call(request.header("cookie", cookie).body(Body::from(body)).expect("a request")).await
    }

    pub(crate) async fn call(&self, request: Request<Body>) -> Response<Body> {
        self.0.clone().oneshot(request).await.expect("a reply")
    }
}

pub(crate) async fn html(reply: Response<Body>) -> (StatusCode, String) {
    let status = reply.status();
    let body = to_bytes(reply.into_body(), 1 << 20).await.expect("a body");
    (status, String::from_utf8_lossy(&body).into_owned())
}
