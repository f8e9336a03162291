//! A simulator on a socket of its own, a clock to move and a receiver that writes everything down.

pub(crate) mod program;
mod receiver;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use common::clock::SimClock;
use common::{Ids, SeededEntropy, SharedClock, Time};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use store::Store;
use store::sqlite::SqliteBackend;
use stripe_sim::{Fees, Settings, StripeSim};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub(crate) use receiver::{Received, Receiver};

pub(crate) const SECRET_KEY: &str = "sk_test_sim";
pub(crate) const PUBLISHABLE_KEY: &str = "pk_test_sim";

/// 2026-11-22T10:00:00Z, in seconds.
pub(crate) const START: i64 = 1_795_341_600;

/// A simulator and all that stands around it.
pub(crate) struct World {
    pub(crate) sim: StripeSim,
    pub(crate) clock: SimClock,
    pub(crate) receiver: Receiver,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    backend: Arc<SqliteBackend>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

/// A reply, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn id(&self) -> String {
        self.body["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn secret(&self) -> String {
        self.body["client_secret"].as_str().expect("a client secret").to_owned()
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn state(&self) -> &str {
        self.body["status"].as_str().unwrap_or_default()
    }
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::on(SqliteBackend::in_memory().expect("a database in memory"), 1, &OF_PAYMENTS).await
    }

    /// One whose receiver is told of everything, and that delivers.
    pub(crate) async fn telling_all() -> Self {
        let mut world = Self::on(SqliteBackend::in_memory().expect("a database in memory"), 1, &["*"]).await;
        world.deliver();
        world
    }

    /// One that takes fees.
    pub(crate) async fn charging(fees: Fees) -> Self {
        let backend = SqliteBackend::in_memory().expect("a database in memory");
        Self::with(backend, 1, Settings { fees, ..Settings::default() }).await
    }

    /// One whose state survives; `seed` tells its ids from those of an earlier one.
    pub(crate) async fn on_file(file: &Path, seed: u64) -> Self {
        Self::on(SqliteBackend::open(file).expect("a database file"), seed, &OF_PAYMENTS).await
    }

    async fn on(backend: Arc<SqliteBackend>, seed: u64, events: &[&str]) -> Self {
        let webhook_events = events.iter().map(|name| (*name).to_owned()).collect();
        Self::with(backend, seed, Settings { webhook_events, ..Settings::default() }).await
    }

    async fn with(backend: Arc<SqliteBackend>, seed: u64, settings: Settings) -> Self {
        let clock = SimClock::starting_at(Time::from_millis(START * 1000));
        let shared: SharedClock = Arc::new(clock.clone());
        let ids = Ids::new(shared.clone(), Arc::new(SeededEntropy::new(seed)));
        let store = Store::new(backend.clone(), shared.clone(), ids.clone());
        let mut tasks = JoinSet::new();
        let receiver = Receiver::start(&mut tasks).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let webhook_url = Some(receiver.url.clone());
        let settings = Settings { public_url: url.clone(), webhook_url, ..settings };
        let sim = StripeSim::new(&store, shared, ids, settings);
        let router = sim.router();
        tasks.spawn(async move { axum::serve(listener, router).await.expect("serving") });
        let redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().redirect(redirects).build().expect("a client");
        Self { sim, clock, receiver, url, http, backend, tasks, stop: CancellationToken::new() }
    }

    /// Lets the events out from now on.
    pub(crate) fn deliver(&mut self) {
        let (sim, stop) = (self.sim.clone(), self.stop.clone());
        self.tasks.spawn(async move { sim.deliver_webhooks(stop).await });
    }

    pub(crate) async fn delivering() -> Self {
        let mut world = Self::start().await;
        world.deliver();
        world
    }

    /// Waits until everything that is due was delivered.
    pub(crate) async fn settle(&self) {
        self.sim.idle().await.expect("the database works");
    }

    pub(crate) async fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.settle().await;
    }

    /// Ends everything and lets go of the database.
    pub(crate) async fn stop(mut self) {
        self.tasks.shutdown().await;
        store::Backend::close(&*self.backend).await;
    }

    /// A client of Stripe's API in Rust, turned on the simulator.
    pub(crate) fn stripe(&self) -> stripe::Client {
        stripe::ClientBuilder::new(SECRET_KEY).url(format!("{}/", self.url)).build().expect("a client")
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        params: &[(&str, &str)],
    ) -> Answer {
        let form = serde_urlencoded::to_string(params).expect("a form");
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
        }
        let response = request.send().await.expect("a reply");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.expect("a body");
        Answer { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
    }

    pub(crate) async fn post(&self, path: &str, params: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {SECRET_KEY}");
        self.call(Method::POST, path, &[(AUTHORIZATION.as_str(), &bearer)], params).await
    }

    /// A post under an idempotency key.
    pub(crate) async fn post_once(&self, key: &str, path: &str, params: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {SECRET_KEY}");
        let headers = [(AUTHORIZATION.as_str(), bearer.as_str()), ("idempotency-key", key)];
        self.call(Method::POST, path, &headers, params).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {SECRET_KEY}");
        self.call(Method::GET, path, &[(AUTHORIZATION.as_str(), &bearer)], &[]).await
    }

    /// A new `PaymentIntent` of 25.00 USD, captured by hand.
    pub(crate) async fn create(&self) -> Answer {
        let answer = self.post("/v1/payment_intents", &NEW).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    pub(crate) async fn confirm(&self, id: &str, method: &str) -> Answer {
        self.post(&format!("/v1/payment_intents/{id}/confirm"), &[("payment_method", method)]).await
    }

    /// One whose money is reserved.
    pub(crate) async fn authorized(&self) -> String {
        let id = self.create().await.id();
        let answer = self.confirm(&id, "pm_card_visa").await;
        assert_eq!(answer.state(), "requires_capture", "{answer:?}");
        id
    }

    pub(crate) async fn state(&self, id: &str) -> String {
        self.get(&format!("/v1/payment_intents/{id}")).await.state().to_owned()
    }
}

/// What the receiver is told of, unless it wants to hear everything: what happens to `PaymentIntent`s and refunds.
const OF_PAYMENTS: [&str; 7] = [
    "payment_intent.created",
    "payment_intent.requires_action",
    "payment_intent.payment_failed",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "refund.created",
];

/// The parameters of [`World::create`].
pub(crate) const NEW: [(&str, &str); 4] =
    [("amount", "2500"), ("currency", "usd"), ("capture_method", "manual"), ("metadata[orderId]", "o-1")];
