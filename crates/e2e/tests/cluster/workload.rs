//! Users who trade until they are stopped, and the replies that the marketplace has confirmed to them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::{Currency, Money};
use e2e::{Endpoints, Person, Reply, Rng, Snapshot, cards};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{RetryPolicy, now, pause, retry_until_answered, send, send_once};

/// Between two purchases of a buyer; bounds the load.
const PURCHASE_INTERVAL: Duration = Duration::from_millis(300);
/// For an event to reach its consumers during a disruption.
const PROPAGATION_TIMEOUT: Duration = Duration::from_secs(90);

/// The state that the marketplace has confirmed to users: final, whatever happens.
#[derive(Debug, Default)]
pub(crate) struct Confirmed {
    /// Tickets that were listed.
    pub(crate) tickets: BTreeSet<String>,
    /// Orders that were placed.
    pub(crate) orders: BTreeSet<String>,
    /// Orders that a buyer has cancelled or seen cancelled.
    pub(crate) cancelled: BTreeSet<String>,
    /// Orders that a buyer has seen complete.
    pub(crate) complete: BTreeSet<String>,
    /// Devices after signing out, each with its old cookie.
    pub(crate) signed_out: Vec<Person>,
}

impl Confirmed {
    /// Asserts that a snapshot has the confirmed state, and nothing else.
    pub(crate) fn assert_holds(&self, snapshot: &Snapshot) {
        let ids = |collection: &str, fits: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
            snapshot.all(collection).filter(|one| fits(one)).map(|one| text(one, "id")).collect()
        };
        let any = |_: &Value| true;
        assert_eq!(ids("tickets.tickets", &any), self.tickets, "the tickets stored and confirmed");
        assert_eq!(ids("orders.orders", &any), self.orders, "the orders stored and confirmed");
        let cancelled = ids("orders.orders", &|order| order["status"]["cancelled"].is_string());
        let complete = ids("orders.orders", &|order| order["status"] == "complete");
        assert!(self.cancelled.is_subset(&cancelled), "{:?}", self.cancelled.difference(&cancelled));
        assert!(self.complete.is_subset(&complete), "{:?}", self.complete.difference(&complete));
    }

    /// Asserts that every process of every service refuses the cookies of revoked sessions. A process that missed the
    /// event reads it from its database within half a minute.
    pub(crate) async fn assert_sessions_revoked(&self) {
        assert!(!self.signed_out.is_empty(), "no user has signed out");
        let began = now();
        for device in &self.signed_out {
            for path in ["/api/users/sessions", "/api/tickets/mine", "/api/orders", "/api/payments"] {
                // The processes of a service take turns.
                let mut refusals = 0;
                while refusals < 4 {
                    let reply = send_once(device, Method::GET, path, None, None).await;
                    refusals = if reply.status == 401 { refusals + 1 } else { 0 };
                    assert!(
                        refusals > 0 || began.elapsed() < PROPAGATION_TIMEOUT,
                        "{path}: {} {}",
                        reply.status,
                        reply.json
                    );
                }
            }
        }
    }
}

/// Running users.
pub(crate) struct Workload {
    buyers: JoinSet<()>,
    shared: Arc<Shared>,
}

struct Shared {
    retries: RetryPolicy,
    people: Vec<Person>,
    confirmed: Mutex<Confirmed>,
    is_stopped: AtomicBool,
    number: AtomicU64,
}

impl Workload {
    /// Signs up `count` users, who buy from each other as the seed chooses.
    pub(crate) async fn start(endpoints: &Endpoints, count: usize, seed: u64, retries: RetryPolicy) -> Self {
        let mut people = Vec::new();
        for number in 0..count {
            people.push(Person::sign_up(endpoints, &format!("person{number}")).await);
        }
        let shared = Shared {
            retries,
            people,
            confirmed: Mutex::default(),
            is_stopped: AtomicBool::new(false),
            number: AtomicU64::new(0),
        };
        let shared = Arc::new(shared);
        let mut buyers = JoinSet::new();
        for buyer in 0..count {
            let (shared, rng) = (Arc::clone(&shared), Rng::new(seed * 100 + buyer as u64));
            buyers.spawn(async move {
                while !shared.is_stopped.load(Ordering::SeqCst) {
                    shared.purchase(buyer, &rng).await;
                    if rng.below(4) == 0 {
                        shared.visit(buyer).await;
                    }
                    pause(PURCHASE_INTERVAL).await;
                }
            });
        }
        Self { buyers, shared }
    }

    /// Waits for the purchases in progress. Returns the confirmed state.
    pub(crate) async fn stop(mut self) -> Confirmed {
        self.shared.is_stopped.store(true, Ordering::SeqCst);
        while let Some(ended) = self.buyers.join_next().await {
            ended.expect("no purchase fails");
        }
        std::mem::take(&mut *self.shared.confirmed.lock())
    }
}

impl Shared {
    fn confirm(&self, set: fn(&mut Confirmed) -> &mut BTreeSet<String>, id: impl Into<String>) {
        set(&mut self.confirmed.lock()).insert(id.into());
    }

    /// One purchase, with a random behavior.
    async fn purchase(&self, buyer: usize, rng: &Rng) {
        let others = self.people.len();
        let [buyer, seller, rival] = [0, 1, 2].map(|step| &self.people[(buyer + step) % others]);
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        let price = Money { amount: 10_00 + i64::from(rng.below(90_00)), currency: Currency::Usd };
        let offer = json!({ "title": format!("Seat {number}"), "price": price });
        let listed = send(
            self.retries,
            seller,
            Method::POST,
            "/api/tickets",
            Some(&offer),
            Some(&format!("list-{number}")),
        )
        .await;
        assert_eq!(listed.status, 201, "{}", listed.json);
        let ticket = listed.json;
        self.confirm(|confirmed| &mut confirmed.tickets, text(&ticket, "id"));

        let (one, two) = if rng.below(3) == 0 {
            let (one, two) =
                tokio::join!(self.order(buyer, &ticket, number), self.order(rival, &ticket, number));
            (one, Some(two))
        } else {
            (self.order(buyer, &ticket, number).await, None)
        };
        let winners = [Some((buyer, one)), two.map(|two| (rival, two))];
        let winners: Vec<_> =
            winners.into_iter().flatten().filter(|(_, reply)| reply.status == 201).collect();
        assert!(!winners.is_empty(), "no buyer got {ticket}");
        for (buyer, reply) in winners {
            self.continue_order(buyer, &reply.json, rng.below(8)).await;
        }
    }

    /// Signs in on another device, and out again.
    async fn visit(&self, person: usize) {
        let device = self.people[person].on_another_device();
        let reply = retry_until_answered(self.retries, "signing in", || device.signs_in()).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        let seen = send(self.retries, &device, Method::GET, "/api/orders", None, None).await;
        assert_eq!(seen.status, 200, "{}", seen.json);
        let reply = send(self.retries, &device, Method::POST, "/api/users/signout", None, None).await;
        assert_eq!(reply.status, 204, "{}", reply.json);
        self.confirmed.lock().signed_out.push(device);
    }

    /// Orders a ticket as soon as orders has its replica.
    async fn order(&self, buyer: &Person, ticket: &Value, number: u64) -> Reply {
        let wish = json!({ "ticketId": ticket["id"], "price": ticket["price"] });
        let began = now();
        for attempt in 0.. {
            let key = format!("order-{number}-{attempt}");
            let reply = send(self.retries, buyer, Method::POST, "/api/orders", Some(&wish), Some(&key)).await;
            match reply.status {
                201 => {
                    self.confirm(|confirmed| &mut confirmed.orders, text(&reply.json, "id"));
                    return reply;
                }
                409 if reply.json["code"] == "ticket-reserved" || reply.json["code"] == "ticket-sold" => {
                    return reply;
                }
                404 if began.elapsed() < PROPAGATION_TIMEOUT => pause(Duration::from_millis(500)).await,
                _ => panic!("{} for {wish}: {}", reply.status, reply.json),
            }
        }
        unreachable!("retried until answered");
    }

    /// Cancels, abandons or pays an order.
    async fn continue_order(&self, buyer: &Person, order: &Value, behavior: u32) {
        let id = text(order, "id");
        let path = format!("/api/orders/{id}");
        if behavior == 0 {
            let reply = send(self.retries, buyer, Method::DELETE, &path, None, None).await;
            assert_eq!(reply.status, 204, "{}", reply.json);
            self.confirm(|confirmed| &mut confirmed.cancelled, id);
            return;
        }
        if behavior == 1 {
            // Abandons the order.
            return;
        }
        let Some(payment) = begins_to_pay(self.retries, buyer, order).await else { return };
        match behavior {
            2 => drop(card(buyer, &payment, cards::DECLINED).await),
            3 => {
                card(buyer, &payment, cards::DECLINED).await;
                card(buyer, &payment, cards::VISA).await;
            }
            4 => {
                // Cancels while the payment is in flight.
                let (_, reply) = tokio::join!(
                    card(buyer, &payment, cards::VISA),
                    send(self.retries, buyer, Method::DELETE, &path, None, None)
                );
                assert!(matches!(reply.status, 204 | 409), "{} {}", reply.status, reply.json);
                if reply.status == 204 {
                    self.confirm(|confirmed| &mut confirmed.cancelled, id.as_str());
                }
            }
            _ => drop(card(buyer, &payment, cards::VISA).await),
        }
        let seen = send(self.retries, buyer, Method::GET, &path, None, None).await;
        assert_eq!(seen.status, 200, "{}", seen.json);
        match seen.json["status"].as_str() {
            Some("complete") => self.confirm(|confirmed| &mut confirmed.complete, id),
            Some("cancelled") => self.confirm(|confirmed| &mut confirmed.cancelled, id),
            _ => {}
        }
    }
}

/// Begins a payment. Returns `None` if the order is over.
async fn begins_to_pay(retries: RetryPolicy, buyer: &Person, order: &Value) -> Option<Value> {
    let (wish, began) = (json!({ "orderId": order["id"] }), now());
    loop {
        let reply = send(retries, buyer, Method::POST, "/api/payments", Some(&wish), None).await;
        match reply.status {
            200 | 201 => return Some(reply.json),
            409 => return None,
            // Payments has no replica of the order yet.
            404 if began.elapsed() < PROPAGATION_TIMEOUT => pause(Duration::from_millis(500)).await,
            _ => panic!("{} for {wish}: {}", reply.status, reply.json),
        }
    }
}

/// Enters a card until the card processor replies.
async fn card(buyer: &Person, payment: &Value, card: &str) -> Reply {
    let began = now();
    loop {
        let reply = buyer.enters_card(payment, card).await;
        if reply.status != 0 || began.elapsed() > PROPAGATION_TIMEOUT {
            return reply;
        }
        pause(Duration::from_millis(300)).await;
    }
}

fn text(thing: &Value, field: &str) -> String {
    thing[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {thing}")).to_owned()
}
