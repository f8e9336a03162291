//! The log lines of a request: each has the id of the request and of its trace.

use std::io::{self, Write};
use std::sync::Arc;

use axum::Json;
use axum::routing::get;
use common::http::FreshId;
use parking_lot::Mutex;
use runtime::Service;
use runtime::testing::TestService;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// The written lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    /// The line of this message.
    fn of(&self, message: &str) -> Value {
        let text = String::from_utf8(self.0.lock().clone()).expect("text");
        let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a JSON line"));
        lines
            .find(|line| line["fields"]["message"] == message)
            .unwrap_or_else(|| panic!("{message} in {text}"))
    }
}

#[tokio::test]
async fn each_line_of_a_request_has_the_ids_of_the_request_and_of_its_trace() {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().json().with_writer(lines.clone()).with_max_level(tracing::Level::DEBUG);
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
    for message in ["read a toy", "made a toy", "answered"] {
        let line = lines.of(message);
        let span = &line["spans"][0];
        assert_eq!((&span["id"], &span["trace"]), (&json!("a-request"), &json!(TRACE)), "{line}");
        assert_eq!((&span["service"], &span["route"]), (&json!("toys"), &json!("/api/toys")), "{line}");
    }
}
