//! The stop of a process behind a load balancer, over real connections.

use axum::Router;
use axum::routing::get;
use runtime::{Tasks, bind, serve_behind, stop};

#[tokio::test]
async fn a_stopping_process_answers_for_a_while_and_then_refuses_connections() {
    let listener = bind(([127, 0, 0, 1], 0).into(), "--listen").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (serving, router) = (Tasks::default(), Router::new().route("/", get(async || "here")));
    serving.spawn(serve_behind(listener, router, serving.stop_token()));
    let client = reqwest::Client::new();
    let send = async || client.get(format!("http://{address}/")).send().await;

    let reply = send().await.expect("a reply");
    assert!(!reply.headers().contains_key("connection"));
    assert_eq!(reply.text().await.expect("a text"), "here");
    serving.stop_token().cancel();
    for _ in 0..3 {
        let reply = send().await.expect("it still answers");
        assert_eq!(reply.headers()["connection"], "close", "the client must open another connection");
        assert_eq!(reply.text().await.expect("a text"), "here");
    }
    assert!(serving.stop(stop::REQUESTS_TIMEOUT).await, "it ends before the timeout");
    assert!(send().await.expect_err("connection refused").is_connect());
}
