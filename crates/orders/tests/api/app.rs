//! The harness: the orders service behind its real router and bus, with users, and its consumer by itself.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consume, ConsumeError, Incoming};
use common::event::{PaymentStatus, TicketSnapshot, TicketStatus};
use common::{Decision, Event, OrderId, TicketId};
use orders::domain::{Order, TicketReplica};
use runtime::testing::{Person, Reply, TestService};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::samples::{HOLD, buyer, id, payment, seller, then, ticket, usd};

pub(crate) struct TestApp {
    pub(crate) service: TestService,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    pub(crate) stranger: Person,
    consumer: Arc<dyn Consume>,
}

/// The body of an order for this ticket.
pub(crate) fn wants(ticket: &TicketSnapshot) -> Value {
    json!({"ticketId": ticket.id, "price": ticket.price})
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        let mut consumer = None;
        let service = TestService::start(|context| {
            let service = orders::service(context, orders::Config { hold: HOLD });
            consumer = service.subscriptions.first().map(|subscription| Arc::clone(&subscription.handler));
            service
        })
        .await;
        let [seller, buyer, stranger] = ["sam", "bea", "sue"].map(|name| service.person(name));
        Self { service, seller, buyer, stranger, consumer: consumer.expect("one subscription") }
    }

    /// With an order for the ticket [`TestApp::ticket_id`], of which the replica does not know yet.
    pub(crate) async fn with_order() -> (Self, OrderId) {
        let app = Self::start().await;
        let replica = TicketReplica::apply(None, &ticket(Self::ticket_id(), seller())).expect("new").next;
        let now = app.service.context.clock.now();
        app.commit(Order::place(id(300), buyer(), &replica, usd(2500), now, HOLD).expect("placed")).await;
        (app, id(300))
    }

    pub(crate) fn ticket_id() -> TicketId {
        id(200)
    }

    pub(crate) async fn commit(&self, decision: Decision<Order>) {
        self.service.context.store.collection().commit(decision).await.expect("committed");
    }

    /// Gives an event to the consumer, without the bus.
    pub(crate) async fn consume(&self, event: &Event) -> Result<(), ConsumeError> {
        self.retry(event, Duration::ZERO).await
    }

    /// Gives an event to the consumer whose first attempt was so long ago.
    pub(crate) async fn retry(&self, event: &Event, ago: Duration) -> Result<(), ConsumeError> {
        let envelope = Arc::new(self.service.envelope(Uuid::nil(), 1, event.clone()));
        let first_attempt_at = self.service.context.clock.now().before(ago);
        self.consumer.consume(Incoming { envelope, first_attempt_at }).await
    }

    /// Gives events to the consumer, which handles each.
    pub(crate) async fn consume_all(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.consume(&event).await.expect("handled");
        }
    }

    pub(crate) async fn order(&self, id: OrderId) -> Order {
        self.service.context.store.collection().get(id).await.expect("a database").expect("an order")
    }

    /// The replica of [`TestApp::ticket_id`].
    pub(crate) async fn replica(&self) -> Option<TicketReplica> {
        self.service.context.store.collection().get(Self::ticket_id()).await.expect("a database")
    }

    /// The events published since the last call.
    pub(crate) async fn published(&self) -> Vec<Event> {
        self.service.published().await.into_iter().map(|envelope| envelope.event).collect()
    }

    /// The subjects published since the last call.
    pub(crate) async fn subjects(&self) -> Vec<&'static str> {
        self.published().await.iter().map(|event| event.subject().as_str()).collect()
    }

    /// A ticket of the seller's without a replica.
    pub(crate) fn unknown_ticket(&self) -> TicketSnapshot {
        ticket(self.service.context.ids.next::<TicketId>(), self.seller.id)
    }

    /// A ticket for sale.
    pub(crate) async fn ticket(&self) -> TicketSnapshot {
        let ticket = self.unknown_ticket();
        self.deliver_ticket(Event::TicketCreated, &ticket).await;
        ticket
    }

    /// Delivers an event of a ticket by the bus.
    pub(crate) async fn deliver_ticket(&self, event: fn(TicketSnapshot) -> Event, ticket: &TicketSnapshot) {
        assert!(self.service.receive(ticket.id.into(), ticket.version, event(ticket.clone())).await);
    }

    /// Delivers an event of an order's payment by the bus.
    pub(crate) async fn deliver_payment(&self, order: OrderId, status: PaymentStatus) {
        let event = match status {
            PaymentStatus::Authorized => Event::PaymentAuthorized,
            PaymentStatus::Captured => Event::PaymentCaptured,
            other => panic!("no event of {other:?}"),
        };
        let payment = payment(order, status);
        assert!(self.service.receive(payment.id.into(), 1, event(payment)).await);
    }

    /// The ticket of an order is locked for it.
    pub(crate) async fn reserve(&self, ticket: &TicketSnapshot, order: OrderId) {
        self.deliver_ticket(Event::TicketReserved, &then(ticket, TicketStatus::Reserved, Some(order))).await;
    }

    pub(crate) async fn place(&self, person: &Person, ticket: &TicketSnapshot) -> Reply {
        self.service.by(person).post("/api/orders", wants(ticket)).await
    }

    /// The buyer's order for this ticket.
    pub(crate) async fn ordered(&self, ticket: &TicketSnapshot) -> OrderId {
        let reply = self.place(&self.buyer, ticket).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        serde_json::from_value(reply.json["id"].clone()).expect("an id")
    }

    /// The buyer's order for this ticket, whose payment is authorized or captured.
    pub(crate) async fn paid(&self, ticket: &TicketSnapshot, status: PaymentStatus) -> OrderId {
        let order = self.ordered(ticket).await;
        self.reserve(ticket, order).await;
        self.deliver_payment(order, PaymentStatus::Authorized).await;
        if status == PaymentStatus::Captured {
            self.deliver_payment(order, status).await;
        }
        order
    }
}
