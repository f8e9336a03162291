//! A service behind its real router, for the fuzz targets.

use std::future::Future;

use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use runtime::testing::{Caller, Reply, TestService};
use tokio::runtime::Runtime;

/// A running service, on SQLite in memory.
pub struct Target {
    runtime: Runtime,
    /// The service.
    pub service: TestService,
}

impl Target {
    /// Starts a service.
    pub fn start<F: Future<Output = TestService>>(start: impl FnOnce() -> F) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let service = runtime.block_on(start());
        Self { runtime, service }
    }

    /// Runs work beside the service.
    pub fn run<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Sends a request, and checks what holds for every reply.
    pub fn send(&self, caller: &Caller, request: Request<Body>) -> Reply {
        let reply = self.run(caller.send(request));
        check(&reply);
        reply
    }
}

/// A `POST` of JSON.
pub fn post(path: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::post(path).header(CONTENT_TYPE, "application/json");
    request.body(body.into()).expect("a request")
}

/// Splits an input into its first line and the rest.
pub fn first_line(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    (&data[..end], data.get(end + 1..).unwrap_or_default())
}

/// The value of a header that a server hands on. Returns `None` for bytes that it refuses.
pub fn header(value: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value).ok()
}

/// No request causes a failure of the service, and a refusal is a complete problem.
pub fn check(reply: &Reply) {
    assert!(reply.status < 500, "{} {}", reply.status, reply.json);
    assert!(!reply.header("x-request-id").is_empty());
    if reply.status >= 400 {
        assert_eq!(reply.header("content-type"), "application/problem+json", "{}", reply.status);
        assert!(!reply.code().is_empty(), "{}", reply.json);
    }
}
