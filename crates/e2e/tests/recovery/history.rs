//! Random trade: orders in every state, refunds, disputes, edits and withdrawals.

use std::sync::Arc;
use std::time::Duration;

use common::{Currency, Money, OrderId, SharedClock};
use e2e::{HOLD_PERIOD, Person, Rng, World, cards};
use reqwest::Method;
use serde_json::{Value, json};

/// A deal, or a change of what is there.
#[derive(Debug, Clone, Copy)]
enum Step {
    List,
    Edit,
    Withdraw,
    Order,
    OrderAndBeginToPay,
    OrderAndCancel,
    Buy,
    BuyAndDispute,
    DeclinedCard,
    PayAnOpenOrder,
    Refund,
    LetTimePass,
    LetHoldsExpire,
}

const STEPS: [Step; 16] = [
    Step::List,
    Step::Edit,
    Step::Withdraw,
    Step::Order,
    Step::Order,
    Step::OrderAndBeginToPay,
    Step::OrderAndCancel,
    Step::Buy,
    Step::Buy,
    Step::BuyAndDispute,
    Step::DeclinedCard,
    Step::PayAnOpenOrder,
    Step::PayAnOpenOrder,
    Step::Refund,
    Step::LetTimePass,
    Step::LetHoldsExpire,
];

/// A trade by a seed.
pub(crate) struct Trade<'a> {
    rng: &'a Rng,
}

impl<'a> Trade<'a> {
    pub(crate) fn new(rng: &'a Rng) -> Self {
        Self { rng }
    }

    /// Makes one step. The next one may begin before the effects of this one are everywhere.
    pub(crate) async fn step(&self, world: &World) {
        self.make(world, self.rng.pick(&STEPS)).await;
        if self.rng.below(2) == 0 {
            world.settle().await;
        }
    }

    async fn make(&self, world: &World, step: Step) {
        let mut people = world.people();
        self.rng.shuffle(&mut people);
        let (seller, buyer) = (&people[0], &people[1]);
        match step {
            Step::List => drop(self.list(seller).await),
            Step::Edit => {
                if let Some(ticket) = self.one_of(seller, "/api/tickets/mine?role=selling", "available").await
                {
                    let offer = json!({ "title": "Edited", "price": self.price() });
                    seller.request(Method::PUT, &format!("/api/tickets/{}", id(&ticket)), Some(offer)).await;
                }
            }
            Step::Withdraw => {
                if let Some(ticket) = self.one_of(seller, "/api/tickets/mine?role=selling", "available").await
                {
                    seller.request(Method::DELETE, &format!("/api/tickets/{}", id(&ticket)), None).await;
                }
            }
            Step::Order => drop(self.order(world, seller, buyer).await),
            Step::OrderAndBeginToPay => {
                let order = self.order(world, seller, buyer).await;
                buyer.begins_to_pay(&order).await;
            }
            Step::OrderAndCancel => {
                let order = self.order(world, seller, buyer).await;
                buyer.cancels(&order).await;
            }
            Step::Buy => self.buy(world, seller, buyer, cards::VISA).await,
            Step::BuyAndDispute => {
                self.buy(world, seller, buyer, cards::DISPUTED).await;
                world.advance(Duration::from_secs(4)).await;
            }
            Step::DeclinedCard => self.buy(world, seller, buyer, cards::DECLINED).await,
            Step::PayAnOpenOrder => {
                if let Some(order) = self.one_of(buyer, "/api/orders", "awaiting-payment").await {
                    pay(buyer, &order, cards::VISA).await;
                }
            }
            Step::Refund => {
                if let Some(order) = self.one_of(buyer, "/api/orders", "complete").await {
                    let clock: SharedClock = Arc::new(world.clock.clone());
                    let id: OrderId = id(&order).parse().expect("an id");
                    // Refused while a dispute is open.
                    let _ = payments::refund(world.payments(), &clock, id).await;
                    world.advance(Duration::from_secs(6)).await;
                }
            }
            Step::LetTimePass => {
                world.advance(Duration::from_secs(u64::from(self.rng.below(240)))).await;
            }
            Step::LetHoldsExpire => end_all_orders(world).await,
        }
    }

    fn index(&self, len: usize) -> usize {
        self.rng.below(u32::try_from(len).expect("a short list")) as usize
    }

    fn price(&self) -> Money {
        Money { amount: 10_00 + i64::from(self.rng.below(90)) * 100, currency: Currency::Usd }
    }

    async fn list(&self, seller: &Person) -> Value {
        seller.sells("Concert", self.price()).await
    }

    async fn order(&self, world: &World, seller: &Person, buyer: &Person) -> Value {
        let ticket = self.list(seller).await;
        world.settle().await;
        let order = buyer.buys(&ticket).await;
        world.settle().await;
        order
    }

    async fn buy(&self, world: &World, seller: &Person, buyer: &Person, card: &str) {
        let order = self.order(world, seller, buyer).await;
        pay(buyer, &order, card).await;
    }

    /// A random item of this status.
    async fn one_of(&self, person: &Person, path: &str, status: &str) -> Option<Value> {
        let mut items = person.all(path).await;
        items.retain(|item| item["status"] == status);
        (!items.is_empty()).then(|| items.swap_remove(self.index(items.len())))
    }
}

async fn pay(buyer: &Person, order: &Value, card: &str) {
    let payment = buyer.begins_to_pay(order).await;
    if matches!(payment.status, 200 | 201) {
        buyer.enters_card(&payment.json, card).await;
    }
}

/// Lets every hold expire, and every last poll be answered.
pub(crate) async fn end_all_orders(world: &World) {
    world.settle().await;
    for wait in [HOLD_PERIOD, Duration::from_secs(20), Duration::from_mins(2)] {
        world.advance(wait).await;
    }
}

/// Signs in everyone: sessions may have ended.
pub(crate) async fn sign_in(world: &World) {
    for person in world.people() {
        let reply = person.signs_in().await;
        assert_eq!(reply.status, 200, "{}", reply.json);
    }
}

/// The orders that are over, as their buyers see them.
pub(crate) async fn ended_orders(world: &World) -> Vec<Value> {
    let mut ended = Vec::new();
    for person in world.people() {
        let orders = person.all("/api/orders").await;
        ended.extend(
            orders
                .into_iter()
                .filter(|order| order["status"] == "complete" || order["status"] == "cancelled"),
        );
    }
    ended
}

/// Every buyer sees what has become of their orders, refunds and disputes included.
pub(crate) async fn assert_still_ended(world: &World, before: &[Value]) {
    let after = ended_orders(world).await;
    for order in before {
        let same = after.iter().find(|one| one["id"] == order["id"]);
        let same = same.unwrap_or_else(|| panic!("the order is lost: {order}"));
        let fields = ["status", "cancelReason", "refunded", "dispute", "ticket", "createdAt"];
        // A refund or a dispute may follow.
        for field in fields.into_iter().filter(|field| !order[field].is_null()) {
            assert_eq!(same[field], order[field], "{field} of {order}, now {same}");
        }
    }
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}
