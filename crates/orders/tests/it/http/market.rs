//! Orders at work behind its routes, with people, and tickets that it has heard of.

use common::event::{PaymentStatus, TicketSnapshot, TicketStatus};
use common::{Event, OrderId, TicketId};
use orders::domain::Order;
use runtime::testing::{Person, Reply, TestService};
use serde_json::{Value, json};

use crate::samples::{HOLD, payment, then, ticket};

pub(super) struct Market {
    pub(super) service: TestService,
    pub(super) seller: Person,
    pub(super) buyer: Person,
    pub(super) stranger: Person,
}

/// What a buyer sends for this ticket.
pub(super) fn wants(ticket: &TicketSnapshot) -> Value {
    json!({"ticketId": ticket.id, "price": ticket.price})
}

impl Market {
    pub(super) async fn open() -> Self {
        let service =
            TestService::start(|context| orders::service(context, orders::Config { hold: HOLD })).await;
        let [seller, buyer, stranger] = ["sam", "bea", "sue"].map(|name| service.person(name));
        Self { service, seller, buyer, stranger }
    }

    /// A ticket of the seller's that orders has not heard of.
    pub(super) fn unheard_ticket(&self) -> TicketSnapshot {
        ticket(self.service.context.ids.next::<TicketId>(), self.seller.id)
    }

    /// A ticket for sale.
    pub(super) async fn ticket(&self) -> TicketSnapshot {
        let ticket = self.unheard_ticket();
        self.hear_ticket(Event::TicketCreated(ticket.clone()), &ticket).await;
        ticket
    }

    /// Orders hears that a ticket has changed.
    pub(super) async fn hear_ticket(&self, event: Event, ticket: &TicketSnapshot) {
        assert!(self.service.hear(ticket.id.into(), ticket.version, event).await);
    }

    pub(super) async fn order_of(&self, person: &Person, ticket: &TicketSnapshot) -> Reply {
        self.service.by(person).post("/api/orders", wants(ticket)).await
    }

    /// The buyer's order for this ticket.
    pub(super) async fn ordered(&self, ticket: &TicketSnapshot) -> OrderId {
        let reply = self.order_of(&self.buyer, ticket).await;
        assert_eq!(reply.status, 201, "{reply:?}");
        serde_json::from_value(reply.json["id"].clone()).expect("an id")
    }

    /// Brings the buyer's order as far as this.
    pub(super) async fn brought_to(&self, ticket: &TicketSnapshot, status: PaymentStatus) -> OrderId {
        let order = self.ordered(ticket).await;
        let reserved = then(ticket, TicketStatus::Reserved, Some(order));
        self.hear_ticket(Event::TicketReserved(reserved.clone()), &reserved).await;
        let steps = [
            (PaymentStatus::Authorized, Event::PaymentAuthorized as fn(_) -> _),
            (PaymentStatus::Captured, Event::PaymentCaptured),
        ];
        for (step, event) in steps {
            let payment = payment(order, step);
            assert!(self.service.hear(payment.id.into(), 1, event(payment)).await);
            if step == status {
                break;
            }
        }
        order
    }

    /// The order as it is stored.
    pub(super) async fn stored(&self, id: OrderId) -> Order {
        self.service.context.store.collection().get(id).await.expect("a database").expect("an order")
    }
}
