//! Requests that fail or that their client aborts, with an `Idempotency-Key` and without one.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::routing::get;
use common::Problem;
use common::http::{FreshId, MiddlewareStack};
use futures::FutureExt;
use http::Method;
use parking_lot::Mutex;
use runtime::Service;
use runtime::testing::{Caller, TestService};
use serde_json::{Value, json};
use tokio::sync::{RwLock, Semaphore};
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

/// The outcome of the first request. Later requests return the reserved id.
#[derive(Clone, Copy)]
enum First {
    Fails,
    Panics,
    /// Waits until the test lets it continue.
    Waits,
}

/// The requests that were performed.
#[derive(Clone)]
struct Performed {
    /// Their reserved ids.
    ids: Arc<Mutex<Vec<Uuid>>>,
    /// A permit for each that may continue.
    released: Arc<Semaphore>,
    /// Held by each that waits.
    waiting: Arc<RwLock<()>>,
}

impl Performed {
    /// Returns whether this is the first request.
    fn record(&self, id: Uuid) -> bool {
        let mut ids = self.ids.lock();
        ids.push(id);
        ids.len() == 1
    }

    fn ids(&self) -> Vec<Uuid> {
        self.ids.lock().clone()
    }

    /// Lets waiting requests continue.
    fn release(&self, requests: usize) {
        self.released.add_permits(requests);
    }

    /// Whether a handler waits.
    fn is_waiting(&self) -> bool {
        self.waiting.try_write().is_err()
    }
}

/// A service with one handler, and the requests that it performed.
async fn toys(first: First) -> (TestService, Performed) {
    let (ids, released, waiting) = (Arc::default(), Arc::new(Semaphore::new(0)), Arc::default());
    let performed = Performed { ids, released, waiting };
    let recorded = performed.clone();
    let make = move |FreshId(id): FreshId<Uuid>| {
        let (is_first, performed) = (recorded.record(id), recorded.clone());
        async move {
            match first {
                First::Fails if is_first => return Err(Problem::unavailable()),
                First::Panics if is_first => panic!("a secret word"),
                First::Waits => {
                    let _waiting = performed.waiting.read().await;
                    performed.released.acquire().await.expect("open").forget();
                }
                First::Fails | First::Panics => {}
            }
            Ok(Json(json!({ "id": id })))
        }
    };
    let routes = OpenApiRouter::new().route("/api/toys", get(make.clone()).post(make));
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

/// Sends a request that changes something, and aborts it while its handler runs.
async fn abort(caller: &Caller, performed: &Performed) {
    abort_request(Method::POST, caller, performed).await;
}

async fn abort_request(method: Method, caller: &Caller, performed: &Performed) {
    let before = performed.ids().len();
    let mut request = pin!(caller.request(method, "/api/toys", Some(json!({}))));
    while performed.ids().len() == before {
        assert!(request.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_request_that_was_aborted_is_performed_to_its_end_and_its_repetition_gets_the_reply() {
    let (service, performed) = toys(First::Waits).await;
    let ann = service.by(&service.person("ann")).header("idempotency-key", "k");
    abort(&ann, &performed).await;
    let (again, ()) = tokio::join!(ann.post("/api/toys", json!({})), async { performed.release(1) });
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
    let ids = performed.ids();
    assert_eq!((ids.len(), &again.json["id"]), (1, &json!(ids[0])), "performed once");
}

/// The negative control: the layer gives a request that only reads no task of its own.
#[tokio::test]
async fn without_a_task_of_its_own_the_work_of_an_aborted_request_is_lost() {
    let (service, performed) = toys(First::Waits).await;
    for (method, is_lost) in [(Method::GET, true), (Method::POST, false)] {
        abort_request(method, &service.anonymous(), &performed).await;
        assert_eq!(!performed.is_waiting(), is_lost);
    }
    performed.release(1);
}

#[tokio::test]
async fn a_stop_waits_for_the_work_of_an_aborted_request() {
    let (service, performed) = toys(First::Waits).await;
    abort(&service.anonymous(), &performed).await;
    let (_, ()) = tokio::join!(service.stop(), async { performed.release(1) });
    assert!(!performed.is_waiting());
}

#[tokio::test]
async fn the_work_of_aborted_requests_is_bounded_by_the_permits() {
    let (service, performed) = toys(First::Waits).await;
    let caller = service.anonymous();
    for _ in 0..MiddlewareStack::MAX_IN_FLIGHT {
        abort(&caller, &performed).await;
    }
    assert_eq!(caller.post("/api/toys", json!({})).await.status, 503);
    performed.release(MiddlewareStack::MAX_IN_FLIGHT + 1);
    while performed.is_waiting() {
        tokio::task::yield_now().await;
    }
    assert_eq!(caller.post("/api/toys", json!({})).await.status, 200);
}

#[tokio::test]
async fn a_handler_that_hangs_is_ended_and_returns_its_permit() {
    let (service, performed) = toys(First::Waits).await;
    abort(&service.anonymous(), &performed).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(44)).await;
    tokio::task::yield_now().await;
    assert!(performed.is_waiting());
    tokio::time::advance(Duration::from_secs(2)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!performed.is_waiting());
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
