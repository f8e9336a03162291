//! The limits of connections, over real sockets. The clock of the timeouts is paused, so they elapse at once.

#![expect(clippy::disallowed_methods, reason = "connections work in real time, which these tests pause")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use common::http::{BODY_TIMEOUT, MiddlewareStack, Sessions};
use runtime::{HEAD_TIMEOUT, HttpOptions, IDLE_TIMEOUT, Tasks, bind, max_connections, serve, testing};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A request, and its reply if the connection stays open.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n";

async fn served(router: Router) -> (SocketAddr, Tasks) {
    let listener = bind(([127, 0, 0, 1], 0).into(), "--listen").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = Tasks::default();
    serving.spawn(serve(listener, router, serving.stop_token()));
    (address, serving)
}

fn here() -> Router {
    Router::new().route("/", get(async || "here"))
}

async fn connected(address: SocketAddr) -> TcpStream {
    TcpStream::connect(address).await.expect("a connection")
}

/// The rest of the connection, once the server has closed it.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn reply(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 1024];
    let length = stream.read(&mut bytes).await.expect("a reply");
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

#[tokio::test(start_paused = true)]
async fn half_sent_heads_and_silent_connections_are_closed() {
    let (address, _serving) = served(here()).await;
    for sent in ["", "G", "GET / HTTP/1.1\r\nhost: here\r\nx-slow:"] {
        let mut stream = connected(address).await;
        let start = Instant::now();
        stream.write_all(sent.as_bytes()).await.expect("sent");
        assert_eq!(rest(&mut stream).await, "", "{sent:?}");
        assert_eq!(start.elapsed().as_secs(), HEAD_TIMEOUT.as_secs(), "{sent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_gets_no_more_time() {
    let (address, _serving) = served(here()).await;
    let mut stream = connected(address).await;
    stream.write_all(REQUEST).await.expect("sent");
    assert!(reply(&mut stream).await.ends_with("here"), "the second head has a timeout, too");
    let start = Instant::now();
    for byte in REQUEST.iter().cycle() {
        if stream.write_all(&[*byte]).await.is_err() || start.elapsed() > 2 * HEAD_TIMEOUT {
            break;
        }
        tokio::time::advance(HEAD_TIMEOUT / 100).await;
        tokio::task::yield_now().await;
    }
    assert!(start.elapsed() < 2 * HEAD_TIMEOUT, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_kept_for_the_next_request_and_closed_when_idle() {
    let (address, _serving) = served(here()).await;
    let mut stream = connected(address).await;
    for _ in 0..3 {
        stream.write_all(REQUEST).await.expect("sent");
        assert!(reply(&mut stream).await.ends_with("here"));
        tokio::time::sleep(IDLE_TIMEOUT.mul_f64(0.9)).await;
    }
    let start = Instant::now();
    assert_eq!(rest(&mut stream).await, "");
    assert!(start.elapsed() < IDLE_TIMEOUT / 5, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn http_2_is_not_spoken() {
    let (address, _serving) = served(here()).await;
    let mut stream = connected(address).await;
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("sent");
    let answer = rest(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_drips_is_refused_and_holds_no_permit() {
    let (_, context) = testing::context();
    let sessions = Sessions::new(Arc::new(testing::NoKeys));
    let http = HttpOptions::default().context("test", context.clock, context.ids, sessions);
    let routes = Router::new().route("/", post(async || "done").get(async || "here"));
    let (address, _serving) = served(MiddlewareStack::new(http, &[]).wrap(routes)).await;
    let mut slow = Vec::new();
    for _ in 0..=MiddlewareStack::MAX_IN_FLIGHT {
        let mut stream = connected(address).await;
        stream
            .write_all(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 20\r\n\r\n{")
            .await
            .expect("sent");
        slow.push(stream);
    }
    let mut other = connected(address).await;
    other.write_all(REQUEST).await.expect("sent");
    assert!(reply(&mut other).await.ends_with("here"));
    let start = Instant::now();
    for stream in &mut slow {
        let answer = rest(stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    assert!(start.elapsed() <= BODY_TIMEOUT, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn at_the_limit_of_connections_idle_ones_make_room() {
    let (address, _serving) = served(here()).await;
    let mut idle = Vec::new();
    for _ in 0..max_connections() {
        let mut stream = connected(address).await;
        stream.write_all(REQUEST).await.expect("sent");
        assert!(reply(&mut stream).await.ends_with("here"));
        idle.push(stream);
    }
    let start = Instant::now();
    let mut next = connected(address).await;
    next.write_all(REQUEST).await.expect("sent");
    assert!(reply(&mut next).await.ends_with("here"));
    assert!(start.elapsed() < HEAD_TIMEOUT, "{:?}", start.elapsed());
    assert_eq!(rest(&mut idle[0]).await, "");
}

/// As `/livez` has a listener of its own.
#[tokio::test(start_paused = true)]
async fn a_listener_without_a_free_place_delays_no_other() {
    let ((crowded, _serving), (admin, _admin_serving)) = (served(here()).await, served(here()).await);
    let mut half_sent = Vec::new();
    for _ in 0..=max_connections() {
        let mut stream = connected(crowded).await;
        stream.write_all(&REQUEST[..9]).await.expect("sent");
        half_sent.push(stream);
    }
    let start = Instant::now();
    let mut probe = connected(admin).await;
    probe.write_all(REQUEST).await.expect("sent");
    assert!(reply(&mut probe).await.ends_with("here"));
    assert!(start.elapsed() < HEAD_TIMEOUT, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_no_half_sent_head() {
    let (address, serving) = served(here()).await;
    let mut stream = connected(address).await;
    stream.write_all(REQUEST).await.expect("sent");
    assert!(reply(&mut stream).await.ends_with("here"));
    stream.write_all(&REQUEST[..9]).await.expect("sent");
    assert!(serving.stop(Duration::from_secs(5)).await, "half of the time for a head");
}
