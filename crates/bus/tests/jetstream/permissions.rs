//! The users of `infra/k8s/base/nats/nats.conf`: each service can do its work, and no service that of another.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::context::ContextBuilder;
use async_nats::jetstream::stream;
use bus::jetstream::{JetStream, Options};
use bus::{Bus, Delivery};
use common::Envelope;
use common::event::Subject;
use futures::stream::BoxStream;
use servers::{Port, Program, ReadinessProbe, Server, nats};

use crate::support::{connect, ids, next, publish};

/// The services, and the aggregates of which each publishes events.
const SERVICES: [(&str, &[&str]); 6] = [
    ("auth", &["session", "account"]),
    ("tickets", &["ticket"]),
    ("orders", &["order"]),
    ("expiration", &["expiration"]),
    ("payments", &["payment"]),
    ("notifications", &[]),
];

/// The durable consumers of each service.
const CONSUMERS: [(&str, &str, &[Subject]); 12] = [
    ("auth", "auth-sessions", &[Subject::SessionRevoked]),
    ("tickets", "tickets-sessions", &[Subject::SessionRevoked]),
    ("orders", "orders-sessions", &[Subject::SessionRevoked]),
    ("expiration", "expiration-sessions", &[Subject::SessionRevoked]),
    ("payments", "payments-sessions", &[Subject::SessionRevoked]),
    ("notifications", "notifications-sessions", &[Subject::SessionRevoked]),
    ("notifications", "notifications", &[Subject::OrderCreated, Subject::AccountChanged]),
    ("auth", "auth", &[Subject::OrderCreated]),
    ("tickets", "tickets", &[Subject::OrderCreated, Subject::AccountChanged]),
    (
        "orders",
        "orders",
        &[
            Subject::TicketReserved,
            Subject::ExpirationCompleted,
            Subject::PaymentCaptured,
            Subject::AccountChanged,
        ],
    ),
    ("expiration", "expiration", &[Subject::OrderCreated]),
    ("payments", "payments", &[Subject::OrderCreated, Subject::ExpirationCompleted]),
];

const PUBLISHED: [Subject; 6] = [
    Subject::SessionRevoked,
    Subject::AccountChanged,
    Subject::TicketReserved,
    Subject::OrderCreated,
    Subject::ExpirationCompleted,
    Subject::PaymentCaptured,
];

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A server with the users of production.
fn server(folder: &Path) -> Server {
    let port = Port::free().expect("a port");
    let number = port.number().to_string();
    let text = fs::read_to_string(repository().join("infra/k8s/base/nats/nats.conf")).expect("a file");
    let text = text
        .replace("port: 4222", &format!("listen: 127.0.0.1:{number}"))
        .replace("http_port: 8222\n", "")
        .replace("/tmp/nats.pid", "nats.pid")
        .replace("store_dir: /data", "store_dir: data");
    fs::write(folder.join("nats.conf"), text).expect("written");
    fs::write(folder.join("cluster.conf"), "").expect("written");
    let passwords =
        SERVICES.map(|(service, _)| (format!("{}_PASSWORD", service.to_uppercase()), password(service)));
    let program = Program {
        name: "nats".to_owned(),
        path: nats::find().expect("a NATS server"),
        arguments: ["--config", "nats.conf"].map(Into::into).into(),
        environment: passwords.into_iter().chain([("POD_NAME".to_owned(), "nats-0".to_owned())]).collect(),
        folder: folder.to_owned(),
        log: folder.join("nats.log"),
        probe: ReadinessProbe::Greeting(SocketAddr::from((Ipv4Addr::LOCALHOST, port.number())), "INFO "),
        timeout: Duration::from_secs(30),
    };
    Server::start(program, format!("127.0.0.1:{number}"), vec![port]).expect("a NATS server")
}

fn password(service: &str) -> String {
    format!("p-{service}")
}

async fn process(server: &Server, service: &str) -> Arc<JetStream> {
    let url = format!("nats://{service}:{}@{}", password(service), server.url());
    let options = Options { name: service.to_owned(), ..Options::default() };
    connect(&url, options).await.expect("connected")
}

/// The sample of an event, as a new event.
fn sample(subject: Subject) -> Arc<Envelope> {
    let folder = repository().join("crates/common/tests/golden");
    let text = fs::read(folder.join(format!("{subject}.v{}.json", subject.schema()))).expect("a sample");
    let sample: Envelope = serde_json::from_slice(&text).expect("an event");
    Arc::new(Envelope { id: ids().next(), aggregate: ids().next(), ..sample })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_can_publish_and_consume_as_in_production() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(folder.path());
    // In this order each service starts before the owners of most streams that it consumes.
    let mut processes = Vec::new();
    let mut consumers: Vec<(&[Subject], BoxStream<'static, Delivery>)> = Vec::new();
    for (service, _) in SERVICES.into_iter().rev() {
        let bus = process(&server, service).await;
        for (_, consumer, subjects) in CONSUMERS.into_iter().filter(|(of, ..)| *of == service) {
            consumers.push((subjects, bus.subscribe(consumer, subjects)));
        }
        processes.push(bus);
    }
    for subject in PUBLISHED {
        let (aggregate, _) = subject.as_str().split_once('.').expect("an aggregate");
        let owner = SERVICES.iter().rev().position(|(_, own)| own.contains(&aggregate)).expect("an owner");
        publish(&*processes[owner], &sample(subject)).await;
    }
    for (subjects, deliveries) in &mut consumers {
        let mut missing = subjects.to_vec();
        while !missing.is_empty() {
            let delivery = next(deliveries).await;
            missing.retain(|subject| *subject != delivery.envelope().expect("readable").subject());
            delivery.ack();
        }
    }
    for bus in &processes {
        bus.check().await.expect("ready");
        bus.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_service_can_write_into_or_change_or_create_the_stream_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(folder.path());
    let _payments = process(&server, "payments").await;
    let options = ConnectOptions::with_user_and_password("tickets".to_owned(), password("tickets"))
        .custom_inbox_prefix("_INBOX.tickets");
    let tickets = options.connect(server.url()).await.expect("connected");
    // The server does not answer a request that it denies.
    let tickets = ContextBuilder::new().timeout(Duration::from_secs(1)).build(tickets);
    let forged = serde_json::to_vec(&sample(Subject::PaymentCaptured)).expect("JSON");
    let published = tickets.publish("ticketing.payment.captured", forged.into()).await.expect("sent").await;
    assert!(published.is_err(), "tickets has published a payment");
    for (name, source) in [("payments", "tickets"), ("orders", "tickets")] {
        let config = stream::Config {
            name: format!("ticketing-{name}"),
            sources: Some(vec![stream::Source {
                name: format!("ticketing-{source}"),
                ..stream::Source::default()
            }]),
            ..stream::Config::default()
        };
        assert!(tickets.create_stream(config.clone()).await.is_err(), "tickets has created {name}");
        assert!(tickets.update_stream(config).await.is_err(), "tickets has changed {name}");
    }
    // `orders` may read both configurations.
    let options = ConnectOptions::with_user_and_password("orders".to_owned(), password("orders"))
        .custom_inbox_prefix("_INBOX.orders");
    let orders = ContextBuilder::new().build(options.connect(server.url()).await.expect("connected"));
    let payments = orders.get_stream("ticketing-payments").await.expect("there");
    let info = payments.cached_info();
    assert_eq!((info.state.messages, info.config.sources.is_none()), (0, true));
    assert!(orders.get_stream("ticketing-orders").await.is_err(), "only orders creates its stream");
}

#[tokio::test]
async fn wrong_credentials_are_refused_without_being_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(folder.path());
    for credentials in ["orders:s3cret@", "s3cret@", ""] {
        let url = format!("nats://{credentials}{}", server.url());
        let refused = connect(&url, Options::default()).await.err().expect("refused");
        assert_eq!(
            refused.to_string(),
            format!(
                "NATS at nats://{} refuses these credentials; check the user and password, or the token, in the \
                 bus address",
                server.url()
            )
        );
        assert!(!format!("{refused:?}").contains("s3cret"));
    }
}
