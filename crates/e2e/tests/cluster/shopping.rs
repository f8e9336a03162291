//! People who trade for as long as they are let, and what they were told meanwhile.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use common::{Currency, Entropy, Money, SeededEntropy};
use e2e::books::Books;
use e2e::{Person, Place, Reply, cards};
use parking_lot::Mutex;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::client::{Manner, ask, insist, now, pause, until_answered};

/// The pause of a buyer between two purchases: it bounds the load.
const BREATH: Duration = Duration::from_millis(300);
/// How long what one service announces may take to be known to another while everything is in trouble.
const NEWS: Duration = Duration::from_secs(90);

/// Dice from a seed.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    pub(crate) fn roll(&self, sides: usize) -> usize {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).expect("it fits") % sides
    }
}

/// What people were told, which must be true for ever.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Tickets that were listed.
    pub(crate) tickets: BTreeSet<String>,
    /// Orders that were placed.
    pub(crate) orders: BTreeSet<String>,
    /// Orders of which a buyer was told that they are cancelled, or has seen it.
    pub(crate) cancelled: BTreeSet<String>,
    /// Orders that a buyer has seen complete.
    pub(crate) complete: BTreeSet<String>,
    /// Devices at which somebody has signed out; each still shows its old cookie.
    pub(crate) signed_out: Vec<Person>,
}

impl Told {
    /// Every word of it, against the books.
    pub(crate) fn is_kept_by(&self, books: &Books) {
        let ids = |collection: &str, fits: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
            books.all(collection).filter(|one| fits(one)).map(|one| text(one, "id")).collect()
        };
        let any = |_: &Value| true;
        assert_eq!(
            ids("tickets.tickets", &any),
            self.tickets,
            "tickets: what is there, and what was promised"
        );
        assert_eq!(ids("orders.orders", &any), self.orders, "orders: what is there, and what was promised");
        let cancelled = ids("orders.orders", &|order| order["status"]["cancelled"].is_string());
        let complete = ids("orders.orders", &|order| order["status"] == "complete");
        assert!(self.cancelled.is_subset(&cancelled), "{:?}", self.cancelled.difference(&cancelled));
        assert!(self.complete.is_subset(&complete), "{:?}", self.complete.difference(&complete));
    }

    /// No process of any service takes the cookie of a session that has ended. One that has missed the news learns it
    /// from its database within half a minute.
    pub(crate) async fn sessions_have_ended(&self) {
        assert!(!self.signed_out.is_empty(), "nobody has signed out");
        let began = now();
        for device in &self.signed_out {
            for path in ["/api/users/sessions", "/api/tickets/mine", "/api/orders", "/api/payments"] {
                // Every process is asked in its turn.
                let mut refusals = 0;
                while refusals < 4 {
                    let reply = ask(device, Method::GET, path, None, None).await;
                    refusals = if reply.status == 401 { refusals + 1 } else { 0 };
                    assert!(
                        refusals > 0 || began.elapsed() < NEWS,
                        "{path}: {} {}",
                        reply.status,
                        reply.json
                    );
                }
            }
        }
    }
}

/// People at their trade.
pub(crate) struct Shopping {
    buyers: JoinSet<()>,
    shared: Arc<Shared>,
}

struct Shared {
    manner: Manner,
    people: Vec<Person>,
    told: Mutex<Told>,
    is_over: AtomicBool,
    number: AtomicU64,
}

impl Shopping {
    /// Signs `count` people up, each of whom buys from the others, in ways that the seed chooses.
    pub(crate) async fn begin(place: &Place, count: usize, seed: u64, manner: Manner) -> Self {
        let mut people = Vec::new();
        for number in 0..count {
            people.push(Person::sign_up(place, &format!("person{number}")).await);
        }
        let shared = Shared {
            manner,
            people,
            told: Mutex::default(),
            is_over: AtomicBool::new(false),
            number: AtomicU64::new(0),
        };
        let shared = Arc::new(shared);
        let mut buyers = JoinSet::new();
        for buyer in 0..count {
            let (shared, dice) = (Arc::clone(&shared), Dice::new(seed * 100 + buyer as u64));
            buyers.spawn(async move {
                while !shared.is_over.load(Ordering::SeqCst) {
                    shared.purchase(buyer, &dice).await;
                    if dice.roll(4) == 0 {
                        shared.visit(buyer).await;
                    }
                    pause(BREATH).await;
                }
            });
        }
        Self { buyers, shared }
    }

    /// Lets everybody finish, and tells what they were told.
    pub(crate) async fn end(mut self) -> Told {
        self.shared.is_over.store(true, Ordering::SeqCst);
        while let Some(ended) = self.buyers.join_next().await {
            ended.expect("a purchase goes its way");
        }
        std::mem::take(&mut *self.shared.told.lock())
    }
}

impl Shared {
    fn told(&self, what: fn(&mut Told) -> &mut BTreeSet<String>, id: impl Into<String>) {
        what(&mut self.told.lock()).insert(id.into());
    }

    /// One purchase, in one of the ways in which people go about it.
    async fn purchase(&self, buyer: usize, dice: &Dice) {
        let others = self.people.len();
        let [buyer, seller, rival] = [0, 1, 2].map(|step| &self.people[(buyer + step) % others]);
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        let price = Money {
            amount: 10_00 + i64::try_from(dice.roll(90_00)).expect("small"),
            currency: Currency::Usd,
        };
        let offer = json!({ "title": format!("Seat {number}"), "price": price });
        let listed = insist(
            self.manner,
            seller,
            Method::POST,
            "/api/tickets",
            Some(&offer),
            Some(&format!("list-{number}")),
        )
        .await;
        assert_eq!(listed.status, 201, "{}", listed.json);
        let ticket = listed.json;
        self.told(|told| &mut told.tickets, text(&ticket, "id"));

        let (one, two) = if dice.roll(3) == 0 {
            let (one, two) =
                tokio::join!(self.order(buyer, &ticket, number), self.order(rival, &ticket, number));
            (one, Some(two))
        } else {
            (self.order(buyer, &ticket, number).await, None)
        };
        let winners = [Some((buyer, one)), two.map(|two| (rival, two))];
        let winners: Vec<_> =
            winners.into_iter().flatten().filter(|(_, reply)| reply.status == 201).collect();
        assert!(!winners.is_empty(), "nobody got {ticket}");
        for (buyer, reply) in winners {
            self.go_on(buyer, &reply.json, dice.roll(8)).await;
        }
    }

    /// Signs in at another device, and out again.
    async fn visit(&self, person: usize) {
        let device = self.people[person].elsewhere();
        let reply = until_answered(self.manner, "signing in", || device.signs_in()).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        let seen = insist(self.manner, &device, Method::GET, "/api/orders", None, None).await;
        assert_eq!(seen.status, 200, "{}", seen.json);
        let reply = insist(self.manner, &device, Method::POST, "/api/users/signout", None, None).await;
        assert_eq!(reply.status, 204, "{}", reply.json);
        self.told.lock().signed_out.push(device);
    }

    /// Orders a ticket as soon as orders has heard of it.
    async fn order(&self, buyer: &Person, ticket: &Value, number: u64) -> Reply {
        let wish = json!({ "ticketId": ticket["id"], "price": ticket["price"] });
        let began = now();
        for attempt in 0.. {
            let key = format!("order-{number}-{attempt}");
            let reply =
                insist(self.manner, buyer, Method::POST, "/api/orders", Some(&wish), Some(&key)).await;
            match reply.status {
                201 => {
                    self.told(|told| &mut told.orders, text(&reply.json, "id"));
                    return reply;
                }
                409 if reply.json["code"] == "ticket-reserved" || reply.json["code"] == "ticket-sold" => {
                    return reply;
                }
                404 if began.elapsed() < NEWS => pause(Duration::from_millis(500)).await,
                _ => panic!("{} for {wish}: {}", reply.status, reply.json),
            }
        }
        unreachable!("it tries until it is answered");
    }

    /// What becomes of an order is up to its buyer.
    async fn go_on(&self, buyer: &Person, order: &Value, way: usize) {
        let id = text(order, "id");
        let path = format!("/api/orders/{id}");
        if way == 0 {
            let reply = insist(self.manner, buyer, Method::DELETE, &path, None, None).await;
            assert_eq!(reply.status, 204, "{}", reply.json);
            self.told(|told| &mut told.cancelled, id);
            return;
        }
        if way == 1 {
            // Forgets about it.
            return;
        }
        let Some(payment) = begins_to_pay(self.manner, buyer, order).await else { return };
        match way {
            2 => drop(card(buyer, &payment, cards::DECLINED).await),
            3 => {
                card(buyer, &payment, cards::DECLINED).await;
                card(buyer, &payment, cards::VISA).await;
            }
            4 => {
                // Thinks better of it while the card is on its way.
                let (_, reply) = tokio::join!(
                    card(buyer, &payment, cards::VISA),
                    insist(self.manner, buyer, Method::DELETE, &path, None, None)
                );
                assert!(matches!(reply.status, 204 | 409), "{} {}", reply.status, reply.json);
                if reply.status == 204 {
                    self.told(|told| &mut told.cancelled, id.as_str());
                }
            }
            _ => drop(card(buyer, &payment, cards::VISA).await),
        }
        let seen = insist(self.manner, buyer, Method::GET, &path, None, None).await;
        assert_eq!(seen.status, 200, "{}", seen.json);
        match seen.json["status"].as_str() {
            Some("complete") => self.told(|told| &mut told.complete, id),
            Some("cancelled") => self.told(|told| &mut told.cancelled, id),
            _ => {}
        }
    }
}

/// Begins to pay; `None`: the order is over.
async fn begins_to_pay(manner: Manner, buyer: &Person, order: &Value) -> Option<Value> {
    let (wish, began) = (json!({ "orderId": order["id"] }), now());
    loop {
        let reply = insist(manner, buyer, Method::POST, "/api/payments", Some(&wish), None).await;
        match reply.status {
            200 | 201 => return Some(reply.json),
            409 => return None,
            // Payments has not heard of the order yet.
            404 if began.elapsed() < NEWS => pause(Duration::from_millis(500)).await,
            _ => panic!("{} for {wish}: {}", reply.status, reply.json),
        }
    }
}

/// Enters a card until the card processor answers.
async fn card(buyer: &Person, payment: &Value, card: &str) -> Reply {
    let began = now();
    loop {
        let reply = buyer.enters_card(payment, card).await;
        if reply.status != 0 || began.elapsed() > NEWS {
            return reply;
        }
        pause(Duration::from_millis(300)).await;
    }
}

fn text(thing: &Value, field: &str) -> String {
    thing[field].as_str().unwrap_or_else(|| panic!("no `{field}` in {thing}")).to_owned()
}
