//! A history in which every event is published: purchases, cancellations, refusals, expiries, refunds and disputes.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use common::event::Subject;
use common::{Clock, SharedClock};
use e2e::invariants::violations;
use e2e::{Endpoints, HOLD_PERIOD, Person, World, cards};
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::lossy_bus::Losses;
use crate::flows::{id, ticket, usd};

/// The clock advances by so much between two checks, and by more once the expected time has passed.
const STEP: Duration = Duration::from_secs(5);
const LONG_STEP: Duration = Duration::from_mins(1);
const EXPECTED_WITHIN: Duration = Duration::from_mins(2);
/// The events of a part of the history are lost for so long after its last action.
const LOSS_PERIOD: Duration = Duration::from_secs(20);
/// From the end of the loss, everything is settled within this time: the deadline of an order that was cancelled a moment
/// after it was placed, and the delay after which tickets asks for its end.
pub(super) const SETTLED_WITHIN: Duration = Duration::from_mins(17);

pub(super) struct History<'a> {
    world: &'a World,
    losses: &'a Losses,
    subject: Subject,
    /// Whether nothing is expected to settle, so that long steps suffice.
    is_control: bool,
    seller: Person,
    buyer: Person,
    disputed: OnceCell<Value>,
}

/// The result: violations that are left, and the time that the purchase took after the loss had ended.
pub(super) struct Outcome {
    pub(super) violations: Vec<String>,
    pub(super) bought_after: Duration,
    pub(super) settled_after: Duration,
}

impl<'a> History<'a> {
    pub(super) async fn new(
        world: &'a World,
        losses: &'a Losses,
        subject: Subject,
        is_control: bool,
    ) -> Self {
        let (seller, buyer) = world.two_people().await;
        Self { world, losses, subject, is_control, seller, buyer, disputed: OnceCell::new() }
    }

    /// Lives through the history. During each part every delivery of the subject is lost.
    pub(super) async fn run(&self) -> Outcome {
        self.losses.begin(self.subject);
        let refunded = self.sells("Refunded").await;
        let disputed = self.sells("Disputed").await;
        let cancelled = self.sells("Cancelled").await;
        let failed = self.sells("Failed").await;
        let refused = self.sells("Refused").await;
        let (edited, withdrawn) = (self.sells("Edited").await, self.sells("Withdrawn").await);
        let (expires, abandoned) = (self.sells("Expires").await, self.sells("Abandoned").await);
        // Until orders knows every ticket.
        self.pass(Duration::from_mins(2) + STEP).await;

        self.seller.request(Method::DELETE, &path(&withdrawn), None).await;
        self.edit(&edited).await;
        self.is_refused(&refused).await;
        let failed = self.buyer.buys(&failed).await;
        let cancelled = self.buyer.buys(&cancelled).await;
        let refunded = self.buyer.buys(&refunded).await;
        let disputed = self.buyer.buys(&disputed).await;
        self.settle().await;
        self.world.endpoints.stripe_faults(json!({ "captureFails": 1 })).await;
        self.pays(&failed).await;
        self.pass(STEP).await;
        let faults = format!("{}/sim/faults", self.world.endpoints.stripe);
        Endpoints::send(self.world.endpoints.http.delete(faults)).await;
        self.buyer.begins_to_pay(&cancelled).await;
        self.buyer.cancels(&cancelled).await;
        self.pays(&refunded).await;
        self.pays(&disputed).await;
        let other_device = self.buyer.on_another_device();
        other_device.signs_in().await;
        assert_eq!(other_device.post("/api/users/signout", json!({})).await.status, 204);
        self.pass(LOSS_PERIOD).await;
        self.losses.end(self.subject);
        let bought_after = self.until_bought(&[&refunded, &disputed]).await;
        if bought_after > SETTLED_WITHIN {
            return self.until_settled(bought_after).await;
        }

        self.losses.begin(self.subject);
        self.refund(&refunded).await;
        self.dispute(&disputed).await;
        let _ = self.disputed.set(disputed);
        self.pass(LOSS_PERIOD).await;
        self.losses.end(self.subject);
        self.pass(LOSS_PERIOD).await;

        self.buyer.buys(&expires).await;
        let abandoned = self.buyer.buys(&abandoned).await;
        self.settle().await;
        self.buyer.begins_to_pay(&abandoned).await;
        for _ in 1..HOLD_PERIOD.as_secs() / LONG_STEP.as_secs() {
            self.advance(LONG_STEP).await;
        }
        self.losses.begin(self.subject);
        self.pass(LONG_STEP + LOSS_PERIOD).await;
        self.losses.end(self.subject);
        let outcome = self.until_settled(bought_after).await;
        assert_eq!(self.buyer.order(&abandoned).await["cancelReason"], "expired");
        outcome
    }

    /// Advances the clock. Payments that wait for a lock keep the world busy; their work continues.
    async fn advance(&self, by: Duration) {
        self.world.clock.advance(by);
        self.settle().await;
    }

    async fn settle(&self) {
        self.world.try_settle().await;
    }

    async fn sells(&self, title: &str) -> Value {
        self.seller.sells(title, usd(20_00)).await
    }

    async fn pass(&self, time: Duration) {
        let end = self.world.clock.now().after(time);
        while self.world.clock.now() < end {
            self.advance(STEP.min(end - self.world.clock.now())).await;
        }
    }

    async fn edit(&self, ticket: &Value) {
        let dearer = json!({ "title": ticket["title"], "price": usd(30_00) });
        let shown = self.ticket(ticket).await;
        let reply = self.seller.request(Method::PUT, &path(&shown), Some(dearer)).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
    }

    async fn ticket(&self, shown: &Value) -> Value {
        ticket(self.world, shown).await
    }

    /// An order at a price of which orders does not know that it is outdated, if the loss concerns orders.
    async fn is_refused(&self, ticket: &Value) {
        let is_lost_anyway = self.subject == Subject::TicketUpdated;
        self.losses.begin(Subject::TicketUpdated);
        self.edit(ticket).await;
        self.settle().await;
        self.buyer.orders(ticket).await;
        self.settle().await;
        if !is_lost_anyway {
            self.losses.end(Subject::TicketUpdated);
        }
    }

    /// Pays an order, if payments knows it yet.
    async fn pays(&self, order: &Value) {
        let begun = self.buyer.begins_to_pay(order).await;
        if matches!(begun.status, 200 | 201) {
            self.buyer.enters_card(&begun.json, cards::VISA).await;
        }
        self.settle().await;
    }

    /// Waits until the orders are complete, and their buyer has tried again where payments did not know an order. Returns the
    /// time from the end of the loss.
    async fn until_bought(&self, orders: &[&Value]) -> Duration {
        let start = self.world.clock.now();
        loop {
            // At the same time: payments waits a moment for an order that it does not know.
            let bought = join_all(orders.iter().map(|order| self.is_bought(order))).await;
            let passed = self.world.clock.now() - start;
            if bought.into_iter().all(|is_bought| is_bought) || passed > SETTLED_WITHIN {
                return passed;
            }
            self.advance(self.step(passed)).await;
        }
    }

    /// Whether the order is complete. If it is not paid, its buyer tries again.
    async fn is_bought(&self, order: &Value) -> bool {
        let shown = self.buyer.order(order).await;
        let known = self.ticket(&order["ticket"]).await;
        let status = shown["status"].as_str();
        if matches!(status, Some("created" | "awaiting-payment")) {
            self.pays(order).await;
        }
        status == Some("complete") && known["status"] == "sold"
    }

    fn step(&self, passed: Duration) -> Duration {
        if passed < EXPECTED_WITHIN && !self.is_control { STEP } else { LONG_STEP }
    }

    async fn refund(&self, order: &Value) {
        let clock: SharedClock = Arc::new(self.world.clock.clone());
        let id = id(order).parse().expect("an id");
        let _ = payments::refund(self.world.payments(), &clock, id).await;
        self.pass(STEP).await;
    }

    /// The bank of the buyer opens a dispute.
    async fn dispute(&self, order: &Value) {
        let intents = e2e::audit::intents(&self.world.endpoints).await;
        let intent = intents.into_iter().find(|intent| intent["metadata"]["order"] == order["id"]);
        let intent = intent.expect("a PaymentIntent");
        let charge = intent["latest_charge"].as_str().expect("a charge");
        let url = format!("{}/sim/charges/{charge}/dispute", self.world.endpoints.stripe);
        let request = self.world.endpoints.http.post(url).bearer_auth("sk_test_sim");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let reply = Endpoints::send(request.body("reason=fraudulent")).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        self.settle().await;
    }

    /// Payments alone has missed the end of an order without a payment: nothing depends on its copy.
    fn is_documented(&self, violation: &str) -> bool {
        let of_expired = violation.starts_with("payments.orders has") && violation.contains("\"Expires\"");
        self.subject == Subject::OrderCancelled && of_expired
    }

    /// Waits until no violation is left.
    async fn until_settled(&self, bought_after: Duration) -> Outcome {
        let start = self.world.clock.now();
        loop {
            let mut found = self.world.violations().await.1;
            if let Some(disputed) = self.disputed.get()
                && self.buyer.order(disputed).await["dispute"] != "open"
            {
                found.push("an order does not show its dispute".to_owned());
            }
            let snapshot = self.world.snapshot().await;
            found.extend(violations(&snapshot));
            let knows = |service: &&str| snapshot.all(&format!("{service}.revoked-sessions")).count() > 0;
            let services = ["auth", "tickets", "orders", "expiration", "payments", "notifications"];
            let missed = services.iter().filter(|service| !knows(service));
            found.extend(missed.map(|service| format!("{service} has missed the end of a session")));
            found.retain(|violation| !self.is_documented(violation));
            let settled_after = self.world.clock.now() - start;
            if found.is_empty() || settled_after > SETTLED_WITHIN {
                return Outcome { violations: found, bought_after, settled_after };
            }
            self.advance(self.step(settled_after)).await;
        }
    }
}

fn path(ticket: &Value) -> String {
    format!("/api/tickets/{}", id(ticket))
}
