//! A receiver of events.

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

/// A received event.
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
struct Log {
    received: Vec<Received>,
    statuses: VecDeque<u16>,
}

/// Records every event and replies with the queued statuses, then with 200.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    log: Arc<Mutex<Log>>,
    changed: Arc<Notify>,
}

impl Receiver {
    pub(crate) async fn start(tasks: &mut JoinSet<()>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let receiver = Self { url, log: Arc::default(), changed: Arc::default() };
        let router = Router::new().route("/hook", post(record)).with_state(receiver.clone());
        tasks.spawn(async move { axum::serve(listener, router).await.expect("serving") });
        receiver
    }

    /// Queues the statuses of the next replies.
    pub(crate) fn reply_with(&self, statuses: impl IntoIterator<Item = u16>) {
        self.log.lock().statuses.extend(statuses);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.log.lock().received.clone()
    }

    /// Waits until the received events are `enough`.
    pub(crate) async fn wait_until(&self, enough: impl Fn(&[Received]) -> bool) {
        loop {
            let changed = self.changed.notified();
            if enough(&self.received()) {
                return;
            }
            changed.await;
        }
    }

    /// The types of the received events, without the prefix `payment_intent.`.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.received().iter().map(Received::kind).collect()
    }
}

async fn record(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers["stripe-signature"].to_str().expect("a signature").to_owned();
    let mut log = receiver.log.lock();
    log.received.push(Received { signature, body });
    receiver.changed.notify_waiters();
    let status = log.statuses.pop_front().unwrap_or(200);
    StatusCode::from_u16(status).expect("a status")
}
