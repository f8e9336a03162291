//! The harness: the service, the Stripe simulator, a buyer, a seller and their orders.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::{Body, to_bytes};
use common::clock::SimClock;
use common::event::{OrderSnapshot, OrderStatus, OrderedTicket, Subject};
use common::{Clock, Currency, Event, Money, OrderId, Time};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use payments::Config;
use payments::domain::{Payment, RunWhen};
use runtime::testing::{Caller, Person, Reply, TestService};
use runtime::{Service, ServiceContext};
use serde_json::{Value, json};
use store::Store;
use stripe_sim::{Fees, IntentSummary, Status, StripeSim};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

use crate::cost::{Counting, Counts};
use crate::stripe_server::StripeServer;

pub(crate) const VISA: &str = "4242424242424242";
pub(crate) const DECLINED: &str = "4000000000000002";
pub(crate) const PRICE: Money = Money { amount: 2500, currency: Currency::Usd };
/// Longer than every lease and every delay of a step.
pub(crate) const LONG: Duration = Duration::from_secs(61);

pub(crate) struct TestApp {
    pub(crate) service: TestService,
    pub(crate) sim: StripeSim,
    pub(crate) buyer: Person,
    pub(crate) seller: Person,
    server: StripeServer,
}

fn config(address: SocketAddr) -> Config {
    Config {
        stripe_url: Some(format!("http://{address}")),
        secret_key: "sk_test_sim".into(),
        publishable_key: "pk_test_sim".into(),
        webhook_secrets: vec!["whsec_old".into(), "whsec_sim".into()],
        stripe_js: "http://127.0.0.1:12111/stripe.js".into(),
        allow_live: false,
    }
}

fn make(context: &ServiceContext, address: SocketAddr) -> Service {
    payments::service(context, config(address)).expect("good config")
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with_fees(Fees::default()).await
    }

    /// An app whose Stripe takes fees.
    pub(crate) async fn with_fees(fees: Fees) -> Self {
        let (clock, context) = runtime::testing::context();
        Self::on(clock, context, fees).await
    }

    /// An app that counts the calls to its database.
    pub(crate) async fn counting() -> (Self, Arc<Counts>) {
        let (clock, context) = runtime::testing::context();
        let (database, counts) = (Arc::clone(context.store.backend()), Arc::<Counts>::default());
        let backend = Arc::new(Counting { database, counts: Arc::clone(&counts) });
        let store = Store::new(backend, context.clock.clone(), context.ids.clone());
        (Self::on(clock, ServiceContext { store, ..context }, Fees::default()).await, counts)
    }

    async fn on(clock: SimClock, context: ServiceContext, fees: Fees) -> Self {
        let ids = context.ids.clone();
        let at_stripe = stripe_sim::Settings { fees, ..stripe_sim::Settings::default() };
        let sim = StripeSim::new(&context.store, context.clock.clone(), ids, at_stripe);
        let server = StripeServer::start(sim.router()).await;
        let made = make(&context, server.address);
        let service = TestService::start_on(clock, context, made, None).await;
        let (buyer, seller) = (service.person("ann"), service.person("sam"));
        Self { service, sim, buyer, seller, server }
    }

    /// An app with an order, and the started payment: the reply to `POST`.
    pub(crate) async fn with_payment() -> (Self, OrderSnapshot, Value) {
        let app = Self::start().await;
        let (order, begun) = app.begin().await;
        (app, order, begun)
    }

    /// An order, and its started payment: the reply to `POST`.
    pub(crate) async fn begin(&self) -> (OrderSnapshot, Value) {
        let order = self.order().await;
        let reply = self.pay(&order).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        (order, reply.json)
    }

    /// Stops the process and starts a new one on the same database.
    pub(crate) async fn restart(self) -> Self {
        let Self { service, sim, server, .. } = self;
        let (clock, context): (SimClock, ServiceContext) = service.stop().await;
        let made = make(&context, server.address);
        let service = TestService::start_on(clock, context, made, None).await;
        let (buyer, seller) = (service.person("ann"), service.person("sam"));
        Self { service, sim, buyer, seller, server }
    }

    /// Leases the next step of the payment as a process that crashes before it commits the outcome.
    pub(crate) async fn crash_during_the_next_step(&self, payment: &Value) {
        let id: Uuid = payment["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        let now = self.service.clock.now();
        let payments = self.service.context.store.collection::<Payment>();
        let lease = |payment: Option<&Payment>| payment.and_then(|payment| payment.lease(RunWhen::Now, now));
        let leased = payments.apply(id, lease).await.expect("the database").expect("the payment");
        assert!(leased.schedule.leased_until() > Some(now), "no other process has the lease");
    }

    /// Starts a payment as a process that crashes before its first call to Stripe.
    pub(crate) async fn crash_after_the_start(&self, order: &OrderSnapshot) -> Value {
        let payment = Payment::begin(self.service.context.ids.next(), order, self.service.clock.now());
        let payments = self.service.context.store.collection::<Payment>();
        json!({ "id": payments.commit(payment).await.expect("the first one").id })
    }

    /// Connections to Stripe are refused from now on, and those that are open break.
    pub(crate) async fn stop_stripe(&mut self) {
        self.server.stop().await;
    }

    /// Connections to Stripe are accepted, and no reply is sent.
    pub(crate) async fn hang_stripe(&mut self) {
        self.server.hang().await;
    }

    pub(crate) async fn start_stripe(&mut self) {
        self.server.restart(self.sim.router()).await;
    }

    /// The number of connections that Stripe has accepted since its last start.
    pub(crate) fn connections(&self) -> usize {
        self.server.connections()
    }

    pub(crate) fn caller(&self) -> Caller {
        self.service.by(&self.buyer)
    }

    /// An order of the buyer that awaits payment, and whose event was consumed.
    pub(crate) async fn order(&self) -> OrderSnapshot {
        let order = self.new_order();
        self.deliver_order(&order, OrderStatus::AwaitingPayment, 2).await;
        order
    }

    pub(crate) fn new_order(&self) -> OrderSnapshot {
        let now = self.service.clock.now();
        OrderSnapshot {
            id: self.service.context.ids.next(),
            user_id: self.buyer.id,
            ticket: OrderedTicket {
                id: self.service.context.ids.next(),
                title: "Concert".into(),
                price: PRICE,
                seller_id: Some(self.seller.id),
                venue: None,
                starts_at: None,
            },
            status: OrderStatus::Created.into(),
            cancel_reason: None,
            refunded: None,
            dispute: None,
            expires_at: now.after(Duration::from_mins(15)),
            version: 1,
            created_at: now,
            updated_at: now,
            overdue: false,
        }
    }

    /// Delivers the event of the order in this status.
    pub(crate) async fn deliver_order(&self, order: &OrderSnapshot, status: OrderStatus, version: u64) {
        let order = OrderSnapshot { status: status.into(), version, ..order.clone() };
        let id = order.id.into();
        let event = match status {
            OrderStatus::Created => Event::OrderCreated(order),
            OrderStatus::AwaitingPayment => Event::OrderAwaitingPayment(order),
            OrderStatus::Paying => Event::OrderPaymentAccepted(order),
            OrderStatus::Complete => Event::OrderCompleted(order),
            OrderStatus::Cancelled => Event::OrderCancelled(order),
        };
        assert!(
            self.service.receive(id, version, event).await,
            "the event is acknowledged, however slow Stripe is"
        );
    }

    pub(crate) async fn pay(&self, order: &OrderSnapshot) -> Reply {
        self.caller().post("/api/payments", json!({ "orderId": order.id })).await
    }

    /// The payment as its buyer sees it.
    pub(crate) async fn payment(&self, order: OrderId) -> Value {
        let reply = self.caller().get(&format!("/api/payments?orderId={order}")).await;
        assert_eq!(reply.status, 200);
        reply.json["items"][0].clone()
    }

    pub(crate) async fn status(&self, order: &OrderSnapshot) -> String {
        self.service.settle().await;
        self.payment(order.id).await["status"].as_str().unwrap_or("none").to_owned()
    }

    /// Submits a card to Stripe, as the buyer's browser.
    pub(crate) async fn confirm(&self, begun: &Value, card: &str) -> u16 {
        let secret = begun["clientSecret"].as_str().expect("a client secret");
        let (intent, _) = secret.split_once("_secret_").expect("Stripe's form");
        let form = [
            ("client_secret", secret),
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", card),
            ("payment_method_data[card][exp_month]", "12"),
            ("payment_method_data[card][exp_year]", "2030"),
            ("payment_method_data[card][cvc]", "123"),
        ];
        let form = serde_urlencoded::to_string(form).expect("a form");
        self.call_stripe(&format!("/v1/payment_intents/{intent}/confirm"), "pk_test_sim", form).await.0
    }

    /// Calls Stripe as another program.
    pub(crate) async fn call_stripe(&self, path: &str, key: &str, form: String) -> (u16, Value) {
        self.call_stripe_under(None, path, key, form).await
    }

    /// The same under an idempotency key.
    pub(crate) async fn call_stripe_under(
        &self,
        idempotency_key: Option<&str>,
        path: &str,
        key: &str,
        form: String,
    ) -> (u16, Value) {
        let mut request = Request::post(path);
        if let Some(idempotency_key) = idempotency_key {
            request = request.header("idempotency-key", idempotency_key);
        }
        let request = request
            .header(AUTHORIZATION, format!("Bearer {key}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .expect("a request");
        let reply = self.sim.router().oneshot(request).await.expect("a reply");
        let status = reply.status().as_u16();
        let body = to_bytes(reply.into_body(), 1 << 20).await.expect("a body");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    /// The payment as it is stored.
    pub(crate) async fn stored(&self, begun: &Value) -> Payment {
        let id: Uuid = begun["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        let payments = self.service.context.store.collection::<Payment>();
        payments.get(id).await.expect("the database").expect("the payment")
    }

    /// Disputes the payment at the buyer's bank. Returns the id of the dispute.
    pub(crate) async fn dispute(&self, begun: &Value) -> String {
        let (_, intent) = self
            .call_stripe(&format!("/v1/payment_intents/{}", intent_of(begun)), "sk_test_sim", String::new())
            .await;
        let charge = intent["latest_charge"].as_str().expect("a charge");
        let form = "reason=fraudulent".to_owned();
        let (status, dispute) =
            self.call_stripe(&format!("/sim/charges/{charge}/dispute"), "sk_test_sim", form).await;
        assert_eq!(status, 200, "{dispute}");
        dispute["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn config(&self) -> Config {
        config(self.server.address)
    }

    pub(crate) fn in_an_hour(&self) -> Time {
        self.service.clock.now().after(Duration::from_hours(1))
    }

    /// Processes what is due at Stripe.
    pub(crate) async fn settle_stripe(&self) {
        let stop = CancellationToken::new();
        tokio::select! {
            idle = self.sim.idle() => idle.expect("the simulator's database"),
            () = self.sim.deliver_webhooks(stop.clone()) => panic!("it was not stopped"),
        }
    }

    /// Advances the clock and processes what is due.
    pub(crate) async fn advance(&self, time: Duration) {
        self.service.clock.advance(time);
        self.service.settle().await;
    }

    pub(crate) async fn intents(&self) -> Vec<IntentSummary> {
        self.sim.payment_intents().await.expect("the simulator's database")
    }

    pub(crate) async fn intent_states(&self) -> Vec<Status> {
        self.intents().await.into_iter().map(|intent| intent.status).collect()
    }

    pub(crate) async fn captured(&self) -> i64 {
        self.sim.captured_total(Currency::Usd).await.expect("the simulator's database").amount
    }

    pub(crate) async fn refunded(&self) -> i64 {
        self.sim.refunded_total(Currency::Usd).await.expect("the simulator's database").amount
    }

    /// The events published since the last call, without the start of each payment and without overdue states.
    pub(crate) async fn published(&self) -> Vec<Subject> {
        let published = self.service.published().await;
        let changes = published.iter().filter(|envelope| !envelope.event.is_overdue());
        let subjects = changes.map(common::Envelope::subject);
        subjects.filter(|subject| *subject != Subject::PaymentStarted).collect()
    }

    /// Sends Stripe's event about this `PaymentIntent`.
    pub(crate) async fn webhook(&self, kind: &str, intent: &str) -> Reply {
        let event =
            json!({"id": "evt_1", "object": "event", "type": kind, "data": {"object": {"id": intent}}});
        self.signed("whsec_sim", &event.to_string(), 0).await
    }

    /// A webhook with this body, signed so many seconds ago.
    pub(crate) async fn signed(&self, secret: &str, body: &str, age: i64) -> Reply {
        let sent = self.service.clock.now().as_millis() / 1000 - age;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, format!("{sent}.{body}").as_bytes());
        let tag = hex::encode(tag);
        let request = Request::post("/api/payments/webhook")
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("stripe-signature", format!("t={sent},v1={tag}"))
            .body(Body::from(body.to_owned()))
            .expect("a request");
        self.service.anonymous().send(request).await
    }
}

/// The id of the `PaymentIntent` of a started payment.
pub(crate) fn intent_of(begun: &Value) -> String {
    let secret = begun["clientSecret"].as_str().expect("a client secret");
    secret.split_once("_secret_").expect("Stripe's form").0.to_owned()
}
