//! The test harness: a simulator on its own socket, a simulated clock and a receiver of events.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use common::clock::SimClock;
use common::{Ids, SeededEntropy, SharedClock, Time};
use parking_lot::Mutex;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use serde_json::Value;
use store::Store;
use store::sqlite::SqliteBackend;
use stripe_sim::{Fees, Settings, StripeSim};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::receiver::Receiver;

pub(crate) const SECRET_KEY: &str = "sk_test_sim";
pub(crate) const PUBLISHABLE_KEY: &str = "pk_test_sim";

/// 2026-11-22T10:00:00Z, in seconds.
pub(crate) const START: i64 = 1_795_341_600;

/// Held during a fork: until its `exec`, the child shares the lock of every open database file.
static FORK: Mutex<()> = Mutex::new(());

/// A simulator with its clock and receiver.
pub(crate) struct TestApp {
    pub(crate) sim: StripeSim,
    pub(crate) clock: SimClock,
    pub(crate) receiver: Receiver,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
    backend: Arc<SqliteBackend>,
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Response {
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

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::on(SqliteBackend::in_memory().expect("a database in memory"), 1, &PAYMENT_EVENTS).await
    }

    /// A delivering simulator whose receiver subscribes to everything.
    pub(crate) async fn with_all_events() -> Self {
        let mut app = Self::on(SqliteBackend::in_memory().expect("a database in memory"), 1, &["*"]).await;
        app.deliver();
        app
    }

    /// A simulator with fees.
    pub(crate) async fn with_fees(fees: Fees) -> Self {
        let backend = SqliteBackend::in_memory().expect("a database in memory");
        Self::with(backend, 1, Settings { fees, ..Settings::default() }).await
    }

    /// A simulator whose state survives; `seed` distinguishes its ids from those of an earlier one.
    pub(crate) async fn on_file(file: &Path, seed: u64) -> Self {
        let backend = {
            let _no_fork = FORK.lock();
            SqliteBackend::open(file).expect("a database file")
        };
        Self::on(backend, seed, &PAYMENT_EVENTS).await
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

    /// Delivers events from now on.
    pub(crate) fn deliver(&mut self) {
        let (sim, stop) = (self.sim.clone(), self.stop.clone());
        self.tasks.spawn(async move { sim.deliver_webhooks(stop).await });
    }

    pub(crate) async fn delivering() -> Self {
        let mut app = Self::start().await;
        app.deliver();
        app
    }

    /// Waits until nothing is due.
    pub(crate) async fn wait_until_idle(&self) {
        self.sim.idle().await.expect("the database works");
    }

    pub(crate) async fn advance_clock(&self, time: Duration) {
        self.clock.advance(time);
        self.wait_until_idle().await;
    }

    /// Stops everything and closes the database.
    pub(crate) async fn stop(mut self) {
        self.tasks.shutdown().await;
        store::Backend::close(&*self.backend).await;
    }

    /// Stripe's client for Rust.
    pub(crate) fn stripe(&self) -> stripe::Client {
        stripe::ClientBuilder::new(SECRET_KEY).url(format!("{}/", self.url)).build().expect("a client")
    }

    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        params: &[(&str, &str)],
    ) -> Response {
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
        Response { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() }
    }

    pub(crate) async fn post(&self, path: &str, params: &[(&str, &str)]) -> Response {
        let bearer = format!("Bearer {SECRET_KEY}");
        self.call(Method::POST, path, &[(AUTHORIZATION.as_str(), &bearer)], params).await
    }

    /// A post under an idempotency key.
    pub(crate) async fn post_once(&self, key: &str, path: &str, params: &[(&str, &str)]) -> Response {
        let bearer = format!("Bearer {SECRET_KEY}");
        let headers = [(AUTHORIZATION.as_str(), bearer.as_str()), ("idempotency-key", key)];
        self.call(Method::POST, path, &headers, params).await
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        let bearer = format!("Bearer {SECRET_KEY}");
        self.call(Method::GET, path, &[(AUTHORIZATION.as_str(), &bearer)], &[]).await
    }

    /// A new `PaymentIntent` of 25.00 USD, captured by hand.
    pub(crate) async fn create(&self) -> Response {
        let response = self.post("/v1/payment_intents", &NEW).await;
        assert_eq!(response.status, 200, "{response:?}");
        response
    }

    pub(crate) async fn confirm(&self, id: &str, method: &str) -> Response {
        self.post(&format!("/v1/payment_intents/{id}/confirm"), &[("payment_method", method)]).await
    }

    /// A payment of 25.00 USD with an authorization.
    pub(crate) async fn authorized(&self) -> String {
        let id = self.create().await.id();
        let response = self.confirm(&id, "pm_card_visa").await;
        assert_eq!(response.state(), "requires_capture", "{response:?}");
        id
    }

    pub(crate) async fn capture(&self, id: &str) -> Response {
        self.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await
    }

    /// A payment of 25.00 USD captured from this card.
    pub(crate) async fn captured(&self, method: &str) -> String {
        let id = self.create().await.id();
        self.confirm(&id, method).await;
        let response = self.capture(&id).await;
        assert_eq!(response.state(), "succeeded", "{response:?}");
        id
    }

    pub(crate) async fn state(&self, id: &str) -> String {
        self.get(&format!("/v1/payment_intents/{id}")).await.state().to_owned()
    }
}

/// The receiver's subscription by default.
const PAYMENT_EVENTS: [&str; 7] = [
    "payment_intent.created",
    "payment_intent.requires_action",
    "payment_intent.payment_failed",
    "payment_intent.amount_capturable_updated",
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "refund.created",
];

/// The parameters of [`TestApp::create`].
pub(crate) const NEW: [(&str, &str); 4] =
    [("amount", "2500"), ("currency", "usd"), ("capture_method", "manual"), ("metadata[orderId]", "o-1")];

/// Starts a child process.
pub(crate) fn spawn(command: &mut Command) -> std::io::Result<Child> {
    let _fork = FORK.lock();
    command.spawn()
}

/// Starts the program; returns it and its address. The log is read to its end, so that the program never blocks on it.
pub(crate) async fn launch_program(tasks: &mut JoinSet<()>, arguments: &[&str]) -> (Child, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_stripe-sim"));
    program.args(["--listen", "127.0.0.1:0"]).args(arguments);
    program.env("RUST_LOG", "info").stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = spawn(&mut program).expect("a program");
    let mut lines = BufReader::new(child.stderr.take().expect("its log")).lines();
    loop {
        let line = lines.next_line().await.expect("text").expect("a listening program");
        if let Some((_, address)) = line.split_once("listening address=") {
            let url = format!("http://{}", address.trim());
            tasks.spawn(async move {
                while let Ok(Some(line)) = lines.next_line().await {
                    eprintln!("{line}");
                }
            });
            return (child, url);
        }
    }
}
