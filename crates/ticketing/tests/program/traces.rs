//! The traces that the program exports: one for each purchase.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use e2e::{Person, Process, cards};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use parking_lot::Mutex;
use prost::Message;
use tokio::net::TcpListener;

use crate::refund::bought;
use crate::{PROGRAM, assert_eventually};

/// Everything that was exported to it.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<ExportTraceServiceRequest>>>);

impl Collector {
    /// Collects on a free port. Returns the address, too.
    async fn start() -> (Self, String) {
        let collector = Self::default();
        let receive = async |State(collector): State<Self>, body: Bytes| {
            collector.0.lock().push(ExportTraceServiceRequest::decode(body).expect("spans"));
        };
        let router = Router::new().route("/v1/traces", post(receive)).with_state(collector.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        #[expect(clippy::disallowed_methods, reason = "the collector runs beside the test")]
        tokio::spawn(async move { axum::serve(listener, router).await });
        (collector, url)
    }

    fn spans(&self) -> Vec<Span> {
        let requests = self.0.lock();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    fn services(&self) -> BTreeSet<String> {
        let requests = self.0.lock();
        let resources = requests.iter().flat_map(|request| &request.resource_spans);
        let attributes = resources.filter_map(|one| one.resource.as_ref()).flat_map(|one| &one.attributes);
        attributes.filter(|one| one.key == "service.name").map(|one| format!("{:?}", one.value)).collect()
    }
}

/// An attribute of a span; empty without one.
fn attribute<'a>(span: &'a Span, key: &str) -> &'a str {
    let found = span.attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        _ => "",
    }
}

/// A span by its name, its service and its subject, method or path.
fn description(span: &Span) -> String {
    let of = |key| attribute(span, key);
    match span.name.as_str() {
        "request" => format!("{} {} {}", of("service"), of("method"), of("route")),
        "stripe" => {
            // Without the ids.
            let path =
                of("path").split('/').filter(|part| !part.contains("_sim") && !part.starts_with("pi_"));
            format!("stripe {} {}", of("method"), path.collect::<Vec<_>>().join("/"))
        }
        name => format!("{name} {}{} {}", of("service"), of("consumer"), of("subject")),
    }
}

/// The spans of a purchase, from the order to the sold ticket. The confirmation of the card is the browser's.
const PURCHASE: [&str; 20] = [
    "orders POST /api/orders",
    "publish orders order.created",
    "consume tickets order.created",
    "consume expiration order.created",
    "consume payments order.created",
    "publish tickets ticket.reserved",
    "consume orders ticket.reserved",
    "start  ",
    "publish payments payment.started",
    "step  ",
    "stripe Post /payment_intents",
    "stripe Get /payment_intents",
    "stripe Post /payment_intents/capture",
    "consume orders payment.authorized",
    "publish orders order.payment-accepted",
    "consume payments order.payment-accepted",
    "consume orders payment.captured",
    "publish orders order.completed",
    "consume tickets order.completed",
    "consume orders ticket.sold",
];

/// Whether the span is of events that only a purchase causes.
fn is_of_a_purchase(span: &Span) -> bool {
    let subject = attribute(span, "subject");
    subject.starts_with("order.")
        || subject.starts_with("payment.")
        || matches!(subject, "ticket.reserved" | "ticket.sold")
        || matches!(span.name.as_str(), "start" | "step")
}

// More than one thread: the collector receives the last spans while the test waits for the stop.
#[tokio::test(flavor = "multi_thread")]
async fn one_trace_leads_from_the_order_to_the_sold_ticket_and_contains_no_personal_data() {
    let (collector, url) = Collector::start().await;
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start_with(PROGRAM, data.path(), &[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)]);
    let (seller, buyer) = (
        Person::sign_up(&program.endpoints, "seller").await,
        Person::sign_up(&program.endpoints, "buyer").await,
    );
    let order = bought(&seller, &buyer).await;
    let ticket = order["ticket"]["id"].as_str().expect("an id").to_owned();
    assert_eventually("the ticket is sold", || async {
        buyer.get(&format!("/api/tickets/{ticket}")).await.json["status"] == "sold"
    })
    .await;
    // A stop exports the rest.
    assert!(program.stop());

    let spans = collector.spans();
    let descriptions = |spans: &[&Span]| spans.iter().map(|span| description(span)).collect::<BTreeSet<_>>();
    let click = spans.iter().find(|span| description(span) == PURCHASE[0]);
    let click =
        click.unwrap_or_else(|| panic!("no order in {:#?}", descriptions(&spans.iter().collect::<Vec<_>>())));
    let trace: Vec<_> = spans.iter().filter(|span| span.trace_id == click.trace_id).collect();
    let (found, expected) = (descriptions(&trace), PURCHASE.map(str::to_owned));
    let missing: Vec<_> = expected.iter().filter(|one| !found.contains(*one)).collect();
    assert!(missing.is_empty(), "missing {missing:#?} in {found:#?}");

    // One tree: every span leads to the click.
    let parents: HashMap<_, _> = trace.iter().map(|span| (&span.span_id, &span.parent_span_id)).collect();
    for span in &trace {
        let mut ancestor = &span.span_id;
        while *ancestor != click.span_id {
            ancestor = parents.get(ancestor).unwrap_or_else(|| panic!("{} has no parent", description(span)));
        }
    }
    assert!(click.parent_span_id.is_empty());
    let elsewhere: Vec<_> =
        spans.iter().filter(|span| is_of_a_purchase(span) && span.trace_id != click.trace_id).collect();
    assert!(elsewhere.is_empty(), "in other traces: {:#?}", descriptions(&elsewhere));
    // The requests of the payment page and of Stripe have traces of their own, which are linked.
    for route in ["payments POST /api/payments", "payments POST /api/payments/webhook"] {
        let is_linked = |span: &Span| span.links.iter().any(|link| link.trace_id == click.trace_id);
        assert!(spans.iter().any(|span| description(span) == route && is_linked(span)), "{route}");
    }

    let services = collector.services();
    assert!(services.len() == 1 && format!("{services:?}").contains("ticketing"), "{services:?}");
    let exported = format!("{:?}", collector.0.lock());
    let secrets = [seller.email, buyer.email, Person::PASSWORD.to_owned(), cards::VISA.to_owned()];
    for secret in secrets.iter().map(String::as_str).chain(["@example.com", "eyJ", "_secret_", "sk_test"]) {
        assert!(!exported.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_collector_that_never_answers_delays_no_purchase_and_no_stop() {
    // Accepts connections and reads nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let environment = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "10")];
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start_with(PROGRAM, data.path(), &[], &environment);
    let (seller, buyer) = (
        Person::sign_up(&program.endpoints, "seller").await,
        Person::sign_up(&program.endpoints, "buyer").await,
    );
    bought(&seller, &buyer).await;
    assert!(program.stop(), "a graceful stop succeeds");
}
