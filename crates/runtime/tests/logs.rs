//! The log lines of a request: each has the id of the request and of its trace.

use axum::Json;
use axum::routing::get;
use common::http::FreshId;
use runtime::Service;
use runtime::testing::{LogLines, TestService};
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn each_line_of_a_request_has_the_ids_of_the_request_and_of_its_trace() {
    let log = LogLines::default();
    let subscriber =
        tracing_subscriber::fmt().json().with_writer(log.clone()).with_max_level(tracing::Level::DEBUG);
    let _default = tracing::subscriber::set_default(subscriber.finish());
    let read = async || {
        tracing::info!("read a toy");
        Json(json!({}))
    };
    // A change runs in a task of its own.
    let make = async |FreshId(_): FreshId<Uuid>| {
        tracing::info!("made a toy");
        Json(json!({}))
    };
    let toys = TestService::start(|_| Service {
        routes: OpenApiRouter::new().route("/api/toys", get(read).post(make)),
        ..Service::new("toys", "/api/toys")
    })
    .await;
    let caller = || {
        let traced = toys.anonymous().header("traceparent", &format!("00-{TRACE}-00f067aa0ba902b7-01"));
        traced.header("x-request-id", "a-request")
    };
    caller().get("/api/toys").await;
    caller().post("/api/toys", json!({})).await;
    let text = log.take();
    for message in ["read a toy", "made a toy", "answered"] {
        let line = LogLines::parse(&text).find(|line| line["fields"]["message"] == message);
        let line = line.unwrap_or_else(|| panic!("{message} in {text}"));
        let span = &line["spans"][0];
        assert_eq!((&span["id"], &span["trace"]), (&json!("a-request"), &json!(TRACE)), "{line}");
        assert_eq!((&span["service"], &span["route"]), (&json!("toys"), &json!("/api/toys")), "{line}");
    }
}
