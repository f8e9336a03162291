//! The consumer of orders on a database of its own, without a bus: a test hands it events and sees each verdict.

use std::sync::Arc;
use std::time::Duration;

use bus::{Consume, ConsumeError, Incoming};
use common::clock::SimClock;
use common::{Clock, Decision, Envelope, Event, OrderId, TicketId, Time};
use orders::domain::{Order, Ticket};
use runtime::{ServiceContext, testing};
use uuid::Uuid;

use crate::samples::{HOLD, buyer, id, seller, ticket, usd};

pub(crate) struct Desk {
    pub(crate) clock: SimClock,
    pub(crate) context: ServiceContext,
    handler: Arc<dyn Consume>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let (clock, context) = testing::context();
        let service = orders::service(&context, orders::Config { hold: HOLD });
        let handler = Arc::clone(&service.subscriptions.first().expect("one subscription").handler);
        Self { clock, context, handler }
    }

    /// With an order of the buyer's for the ticket [`Desk::ticket_id`], whose news is still on its way.
    pub(crate) async fn with_order() -> (Self, OrderId) {
        let desk = Self::new();
        let known = Ticket::learn(None, &ticket(Self::ticket_id(), seller())).expect("news").next;
        let order =
            Order::place(id(300), buyer(), &known, usd(2500), desk.clock.now(), HOLD).expect("placed");
        desk.commit(order).await;
        (desk, id(300))
    }

    pub(crate) fn ticket_id() -> TicketId {
        id(200)
    }

    pub(crate) async fn commit(&self, decision: Decision<Order>) {
        self.context.store.collection().commit(decision).await.expect("committed");
    }

    /// The verdict of the consumer on this event.
    pub(crate) async fn hear(&self, event: &Event) -> Result<(), ConsumeError> {
        self.hear_again(event, Duration::ZERO).await
    }

    /// The verdict on a event that was first tried so long ago.
    pub(crate) async fn hear_again(&self, event: &Event, ago: Duration) -> Result<(), ConsumeError> {
        let event = Arc::new(Envelope {
            id: self.context.ids.next(),
            schema: 1,
            aggregate: Uuid::nil(),
            version: 1,
            time: self.clock.now(),
            trace: None,
            event: event.clone(),
        });
        let first_attempt_at: Time = self.clock.now().before(ago);
        self.handler.consume(Incoming { envelope: event, first_attempt_at }).await
    }

    /// Hears each of them; none is refused.
    pub(crate) async fn hears(&self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.hear(&event).await.expect("heard");
        }
    }

    pub(crate) async fn order(&self, id: OrderId) -> Order {
        self.context.store.collection().get(id).await.expect("a database").expect("an order")
    }

    pub(crate) async fn ticket(&self) -> Option<Ticket> {
        self.context.store.collection().get(Self::ticket_id()).await.expect("a database")
    }

    /// What was announced since the last call.
    pub(crate) async fn announced(&self) -> Vec<Event> {
        let backend = self.context.store.backend();
        let entries = backend.outbox(0, 10_000).await.expect("an outbox");
        backend.mark_published(entries.iter().map(|entry| entry.seq).collect()).await.expect("sent");
        let read = |event: &str| serde_json::from_str::<Envelope>(event).expect("an envelope").event;
        entries.iter().map(|entry| read(&entry.event)).collect()
    }

    /// The subjects of what was announced since the last call.
    pub(crate) async fn subjects(&self) -> Vec<&'static str> {
        self.announced().await.iter().map(|event| event.subject().as_str()).collect()
    }
}
