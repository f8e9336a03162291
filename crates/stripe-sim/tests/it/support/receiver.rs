//! Where events arrive.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// An event as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) signature: String,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("an event in JSON")
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").trim_start_matches("payment_intent.").to_owned()
    }
}

#[derive(Default)]
struct Book {
    received: Vec<Received>,
    statuses: VecDeque<u16>,
}

/// Writes every event down and answers as it is told to; otherwise 200.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    book: Arc<Mutex<Book>>,
    grew: Arc<Notify>,
}

impl Receiver {
    pub(crate) async fn start(tasks: &mut JoinSet<()>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let receiver = Self { url, book: Arc::default(), grew: Arc::default() };
        let router = Router::new().route("/hook", post(note)).with_state(receiver.clone());
        tasks.spawn(async move { axum::serve(listener, router).await.expect("serving") });
        receiver
    }

    /// The next replies.
    pub(crate) fn answers(&self, statuses: impl IntoIterator<Item = u16>) {
        self.book.lock().statuses.extend(statuses);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.book.lock().received.clone()
    }

    /// Waits until what has arrived is `enough`.
    pub(crate) async fn has(&self, enough: impl Fn(&[Received]) -> bool) {
        loop {
            let grew = self.grew.notified();
            if enough(&self.received()) {
                return;
            }
            grew.await;
        }
    }

    /// The types of what has arrived, without their common beginning.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.received().iter().map(Received::kind).collect()
    }
}

async fn note(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().expect("a signature").to_owned();
    let mut book = receiver.book.lock();
    book.received.push(Received { signature, body });
    receiver.grew.notify_waiters();
    let status = book.statuses.pop_front().unwrap_or(200);
    StatusCode::from_u16(status).expect("a status")
}
