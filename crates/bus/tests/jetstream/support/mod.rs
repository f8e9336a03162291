//! Processes on a NATS server, and sample events.

mod consumer;
mod marketplace;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use common::clock::SystemClock;
use common::event::{DeadlinePassed, PaymentSnapshot, Subject};
use common::{Clock, Envelope, Event, Ids, OrderId, SystemEntropy};
use servers::{Port, Program, ReadinessProbe, Server, ServerLocation, nats};

pub(crate) use consumer::{Ends, RunningConsumer};
pub(crate) use marketplace::{Marketplace, next, publish, within};

pub(crate) const DEADLINES: &[Subject] = &[Subject::ExpirationCompleted];

pub(crate) fn ids() -> Ids {
    Ids::new(Arc::new(SystemClock), Arc::new(SystemEntropy))
}

/// `expiration.completed`.
pub(crate) fn event(order: OrderId) -> Event {
    Event::ExpirationCompleted(DeadlinePassed { order_id: order, expires_at: SystemClock.now() })
}

/// `expiration.completed` of a new order.
pub(crate) fn envelope() -> Arc<Envelope> {
    let order: OrderId = ids().next();
    Arc::new(Envelope::new(ids().next(), order.into(), 1, SystemClock.now(), event(order)))
}

/// `payment.captured` of a new payment.
pub(crate) fn captured() -> Arc<Envelope> {
    payment(Event::PaymentCaptured)
}

/// `payment.refunded` of a new payment.
pub(crate) fn refunded() -> Arc<Envelope> {
    payment(Event::PaymentRefunded)
}

fn payment(event: fn(PaymentSnapshot) -> Event) -> Arc<Envelope> {
    const SAMPLE: &str = include_str!("../../../../common/tests/golden/payment.captured.v1.json");
    let sample: Envelope = serde_json::from_str(SAMPLE).expect("an event");
    let Event::PaymentCaptured(payment) = sample.event else { panic!("the sample is a captured payment") };
    Arc::new(Envelope { id: ids().next(), aggregate: ids().next(), event: event(payment), ..sample })
}

/// A server of the test's own.
pub(crate) fn own_server() -> Server {
    nats::start(ServerLocation::default()).expect("a NATS server")
}

/// The same, for this user only. The folder must outlive the server.
pub(crate) fn guarded_server(user: &str, password: &str, folder: &std::path::Path) -> Server {
    let port = Port::free().expect("a port");
    let number = port.number().to_string();
    let arguments =
        ["-js", "-a", "127.0.0.1", "-p", &number, "--user", user, "--pass", password, "-sd", "data"];
    let program = Program {
        name: "nats".to_owned(),
        path: nats::find().expect("a NATS server"),
        arguments: arguments.into_iter().map(Into::into).collect(),
        environment: Vec::new(),
        folder: folder.to_owned(),
        log: folder.join("nats.log"),
        probe: ReadinessProbe::Greeting(SocketAddr::from((Ipv4Addr::LOCALHOST, port.number())), "INFO "),
        timeout: Duration::from_secs(30),
    };
    Server::start(program, format!("127.0.0.1:{number}"), vec![port]).expect("a NATS server")
}
