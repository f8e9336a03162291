//! The harness: the tickets service behind its real router and bus, with users.

use std::time::Duration;

use common::event::{AccountDeleted, CancelReason, OrderSnapshot, OrderStatus, OrderedTicket};
use common::{Currency, Event, Money, TicketId, UserId};
use runtime::testing::{Caller, Person, Reply, TestService};
use serde_json::{Value, json};

pub(crate) const TICKETS: &str = "/api/tickets";

pub(crate) struct TestApp {
    pub(crate) service: TestService,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
}

/// An offer for 25 dollars.
pub(crate) fn offer() -> Value {
    json!({ "title": "Concert", "price": { "amount": 2_500, "currency": "USD" } })
}

/// The offer with one more member, or another value for it.
pub(crate) fn offer_with(member: &str, value: Value) -> Value {
    let mut offer = offer();
    offer[member] = value;
    offer
}

/// The address of a ticket.
pub(crate) fn address(ticket: &Value) -> String {
    format!("{TICKETS}/{}", ticket["id"].as_str().expect("an id"))
}

/// The members `name` of the items of a list.
pub(crate) fn items<'a>(reply: &'a Reply, name: &str) -> Vec<&'a str> {
    assert_eq!(reply.status, 200, "{:?}", reply.json);
    let items = reply.json["items"].as_array().expect("a list");
    items.iter().map(|item| item[name].as_str().expect("a text")).collect()
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        let service = TestService::start(tickets::service).await;
        let (seller, buyer) = (service.person("seller"), service.person("buyer"));
        Self { service, seller, buyer }
    }

    pub(crate) fn seller(&self) -> Caller {
        self.service.by(&self.seller)
    }

    pub(crate) fn anonymous(&self) -> Caller {
        self.service.anonymous()
    }

    /// The seller lists a ticket.
    pub(crate) async fn listed(&self, offer: Value) -> Value {
        let reply = self.seller().post(TICKETS, offer).await;
        assert_eq!(reply.status, 201, "{:?}", reply.json);
        reply.json
    }

    /// The public view of the ticket now.
    pub(crate) async fn ticket(&self, ticket: &Value) -> Value {
        let reply = self.anonymous().get(&address(ticket)).await;
        assert_eq!(reply.status, 200);
        reply.json
    }

    /// A new order of the buyer for the ticket at its price of 25 dollars.
    pub(crate) fn order(&self, ticket: &Value) -> OrderSnapshot {
        let id: TicketId = ticket["id"].as_str().expect("an id").parse().expect("an id");
        self.order_of(self.buyer.id, id)
    }

    pub(crate) fn order_of(&self, buyer: UserId, ticket: TicketId) -> OrderSnapshot {
        let now = self.service.context.clock.now();
        let price = Money { amount: 2_500, currency: Currency::Usd };
        OrderSnapshot {
            id: self.service.context.ids.next(),
            user_id: buyer,
            ticket: OrderedTicket {
                id: ticket,
                title: "Concert".into(),
                price,
                seller_id: None,
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

    /// Delivers `order.created`. Returns whether it was handled at once.
    pub(crate) async fn deliver_created(&self, order: &OrderSnapshot) -> bool {
        self.service.receive(order.id.into(), order.version, Event::OrderCreated(order.clone())).await
    }

    /// Delivers `order.cancelled`, which is handled at once.
    pub(crate) async fn deliver_cancelled(&self, order: &OrderSnapshot) {
        assert!(self.try_cancelled(order).await);
    }

    /// Delivers `order.cancelled`. Returns whether it was handled at once.
    pub(crate) async fn try_cancelled(&self, order: &OrderSnapshot) -> bool {
        let order = OrderSnapshot {
            status: OrderStatus::Cancelled.into(),
            cancel_reason: Some(CancelReason::Expired.into()),
            version: order.version + 1,
            ..order.clone()
        };
        self.service.receive(order.id.into(), order.version, Event::OrderCancelled(order)).await
    }

    /// Delivers `order.completed`. Returns whether it was handled at once.
    pub(crate) async fn deliver_completed(&self, order: &OrderSnapshot) -> bool {
        let order = OrderSnapshot { status: OrderStatus::Complete.into(), version: 4, ..order.clone() };
        self.service.receive(order.id.into(), order.version, Event::OrderCompleted(order)).await
    }

    /// Delivers the deletion of the seller's account. Returns whether it was handled at once.
    pub(crate) async fn deliver_deleted(&self) -> bool {
        let user_id = self.seller.id;
        self.service.receive(user_id.into(), 2, Event::AccountDeleted(AccountDeleted { user_id })).await
    }

    /// A ticket that is locked for the order.
    pub(crate) async fn reserved(&self) -> (Value, OrderSnapshot) {
        let ticket = self.listed(offer()).await;
        let order = self.order(&ticket);
        assert!(self.deliver_created(&order).await);
        (ticket, order)
    }

    /// A ticket that the order bought.
    pub(crate) async fn sold(&self) -> (Value, OrderSnapshot) {
        let (ticket, order) = self.reserved().await;
        assert!(self.deliver_completed(&order).await);
        (ticket, order)
    }

    /// A ticket that its seller withdrew.
    pub(crate) async fn withdrawn(&self) -> Value {
        let ticket = self.listed(offer()).await;
        assert_eq!(self.seller().delete(&address(&ticket)).await.status, 204);
        ticket
    }

    /// The subjects published since the last call.
    pub(crate) async fn subjects(&self) -> Vec<&'static str> {
        self.service.published().await.iter().map(|event| event.subject().as_str()).collect()
    }
}
