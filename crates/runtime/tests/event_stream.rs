//! Event streams over real connections.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::sse::Event;
use axum::routing::get;
use common::http::{MiddlewareStack, Sessions};
use futures::StreamExt;
use futures::stream::{once, pending};
use runtime::{EventStreams, HttpOptions, StreamReader, Tasks, bind, serve, testing};

/// The timeout of every wait; no assertion depends on it.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_stop_ends_the_streams_that_are_open_and_waits_for_nothing_else() {
    let (_, context) = testing::context();
    let streams = EventStreams::new(&context);
    let open = move |reader: StreamReader| {
        let streams = streams.clone();
        async move { streams.open(reader, once(async { Event::default().data("first") }).chain(pending())) }
    };
    let sessions = Sessions::new(Arc::new(testing::NoKeys));
    let http = HttpOptions::default().context("test", context.clock, context.ids, sessions);
    let router = MiddlewareStack::new(http, &[]).wrap(Router::new().route("/events", get(open)));
    let listener = bind(([127, 0, 0, 1], 0).into(), "--listen").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = Tasks::default();
    serving.spawn(serve(listener, router, serving.stop_token()));

    let mut reply = reqwest::get(format!("http://{address}/events")).await.expect("a reply");
    assert_eq!(reply.chunk().await.expect("a chunk").as_deref(), Some(&b"data: first\n\n"[..]));
    assert!(serving.stop(runtime::stop::REQUESTS_TIMEOUT).await, "it ends before the timeout");
    let rest = tokio::time::timeout(TEST_TIMEOUT, reply.chunk()).await.expect("an end");
    assert_eq!(rest.expect("a clean end"), None);
}
