//! Requests with an `Idempotency-Key` that fail.

use std::future::pending;
use std::sync::Arc;

use axum::Json;
use axum::routing::post;
use common::Problem;
use common::http::FreshId;
use futures::FutureExt;
use parking_lot::Mutex;
use runtime::Service;
use runtime::testing::TestService;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

/// The outcome of the first request. Later requests return the reserved id.
#[derive(Clone, Copy)]
enum First {
    Fails,
    Panics,
    NeverEnds,
}

/// The reserved ids of the requests that were performed.
#[derive(Clone, Default)]
struct Performed(Arc<Mutex<Vec<Uuid>>>);

impl Performed {
    /// Returns whether this is the first request.
    fn record(&self, id: Uuid) -> bool {
        let mut ids = self.0.lock();
        ids.push(id);
        ids.len() == 1
    }

    fn ids(&self) -> Vec<Uuid> {
        self.0.lock().clone()
    }
}

/// A service with one route, and the requests that it performed.
async fn toys(first: First) -> (TestService, Performed) {
    let performed = Performed::default();
    let recorded = performed.clone();
    let make = move |FreshId(id): FreshId<Uuid>| {
        let is_first = recorded.record(id);
        async move {
            match first {
                First::Fails if is_first => Err(Problem::unavailable()),
                First::Panics if is_first => panic!("a secret word"),
                First::NeverEnds if is_first => pending().await,
                _ => Ok(Json(json!({ "id": id }))),
            }
        }
    };
    let routes = OpenApiRouter::new().route("/api/toys", post(make));
    let service = Service { routes, ..Service::new("toys", "/api/toys") };
    (TestService::start(|_| service).await, performed)
}

#[tokio::test]
async fn a_5xx_is_not_replayed() {
    for (first, status, code) in [(First::Fails, 503, "unavailable"), (First::Panics, 500, "internal")] {
        let (service, performed) = toys(first).await;
        let ann = service.by(&service.person("ann")).header("idempotency-key", "k");
        let failed = ann.post("/api/toys", json!({})).await;
        assert_eq!((failed.status, failed.code()), (status, code));
        let done = ann.post("/api/toys", json!({})).await;
        assert_eq!((done.status, done.header("idempotent-replayed")), (200, ""));
        let again = ann.post("/api/toys", json!({})).await;
        assert_eq!((&again.json, again.header("idempotent-replayed")), (&done.json, "true"));
        let ids = performed.ids();
        assert_eq!(ids.len(), 2);
        assert_eq!(ids[0], ids[1], "the failed request may have created it, and the retry must find it");
    }
}

#[tokio::test]
async fn a_request_that_broke_off_is_taken_over_at_once() {
    let (service, performed) = toys(First::NeverEnds).await;
    let ann = service.by(&service.person("ann")).header("idempotency-key", "k");
    {
        let first = ann.post("/api/toys", json!({}));
        let mut first = std::pin::pin!(first);
        while performed.ids().is_empty() {
            assert!(first.as_mut().now_or_never().is_none());
            tokio::task::yield_now().await;
        }
    }
    let done = ann.post("/api/toys", json!({})).await;
    assert_eq!((done.status, done.header("idempotent-replayed")), (200, ""));
    assert!(done.json["id"].is_string());
}

#[tokio::test]
async fn a_panic_is_a_problem_without_its_words() {
    let (service, _) = toys(First::Panics).await;
    let reply = service.anonymous().post("/api/toys", json!({})).await;
    assert_eq!((reply.status, reply.code()), (500, "internal"));
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.json["requestId"], Value::from(reply.header("x-request-id")));
    assert!(!String::from_utf8_lossy(&reply.body).contains("secret"));
}
