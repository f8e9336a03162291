//! The emails of a purchase, as they arrive at the mail server: each once, whatever is repeated and interrupted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::{Bus, BusError, Delivery, Lagged, LocalBus};
use common::event::Subject;
use common::{Envelope, SharedClock};
use e2e::{HOLD_PERIOD, Person, World, WorldConfig, cards};
use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use mail_sim::Email;
use parking_lot::Mutex;
use serde_json::{Value, json};
use store::sqlite::SqliteBackend;
use store::{Backend, CommitError, Intercept, StoreError, Write};

use crate::flows::{becomes, id, usd};

const COMPLETE: &str = "Your order is complete";
const SOLD: &str = "Your ticket was sold";

/// A bus that publishes every event twice, and keeps the events for a replay.
#[derive(Default)]
struct RepeatingBus {
    bus: LocalBus,
    published: Mutex<Vec<Arc<Envelope>>>,
}

impl Bus for RepeatingBus {
    fn publish(&self, event: Arc<Envelope>) -> BoxFuture<'_, Result<(), BusError>> {
        async move {
            self.published.lock().push(Arc::clone(&event));
            self.bus.publish(Arc::clone(&event)).await?;
            self.bus.publish(event).await
        }
        .boxed()
    }

    fn subscribe(
        &self,
        consumer: &'static str,
        subjects: &'static [Subject],
    ) -> BoxStream<'static, Delivery> {
        self.bus.subscribe(consumer, subjects)
    }

    fn live(&self, subjects: &'static [Subject]) -> BoxStream<'static, Result<Arc<Envelope>, Lagged>> {
        self.bus.live(subjects)
    }
}

/// The emails to a person about orders, oldest first.
fn emails(world: &World, person: &Person) -> Vec<Arc<Email>> {
    let all = world.mail().emails_to(&person.email);
    all.into_iter().rev().filter(|email| !email.subject.starts_with("Verify")).collect()
}

fn subjects(world: &World, person: &Person) -> Vec<String> {
    emails(world, person).iter().map(|email| email.subject.clone()).collect()
}

/// A purchase of a ticket with a known start.
async fn purchase(world: &World) -> (Person, Person, Value) {
    let (seller, buyer) = world.two_people().await;
    let body = json!({
        "title": "Mahler 5", "price": usd(20_00), "venue": "Philharmonie; Berlin",
        "startsAt": "2027-01-30T19:30:00Z",
    });
    let offered = seller.post("/api/tickets", body).await;
    assert_eq!(offered.status, 201, "{}", offered.json);
    let order = buyer.buys(&offered.json).await;
    becomes(world, &buyer, &order, "awaiting-payment").await;
    buyer.pays(&order, cards::VISA).await;
    becomes(world, &buyer, &order, "complete").await;
    world.settle().await;
    (seller, buyer, order)
}

#[tokio::test]
async fn buyer_and_seller_receive_each_email_once_though_every_event_is_repeated_and_replayed() {
    let bus = Arc::<RepeatingBus>::default();
    let made = Arc::clone(&bus);
    let make_bus = Box::new(move |_: &_| made as Arc<dyn Bus>);
    let world = World::with(WorldConfig { make_bus, ..WorldConfig::default() }).await;
    let (seller, buyer, order) = purchase(&world).await;
    assert_eq!(
        (subjects(&world, &buyer), subjects(&world, &seller)),
        (vec![COMPLETE.into()], vec![SOLD.into()])
    );
    let receipt = &emails(&world, &buyer)[0];
    assert!(receipt.text.contains(&format!("/orders/{}", id(&order))), "{}", receipt.text);
    let calendar = String::from_utf8_lossy(&receipt.attachments[0].bytes).into_owned();
    assert!(
        calendar.contains("DTSTART:20270130T193000Z") && calendar.contains("LOCATION:Philharmonie\\; Berlin"),
        "{calendar}"
    );

    let clock: SharedClock = Arc::new(world.clock.clone());
    payments::refund(world.payments(), &clock, id(&order).parse().expect("an id")).await.expect("paid");
    world.advance(Duration::from_secs(6)).await;
    let replayed = std::mem::take(&mut *bus.published.lock());
    for event in replayed {
        bus.bus.publish(event).await.expect("every consumer handles the event again");
    }
    world.advance(Duration::from_hours(1)).await;
    assert_eq!(subjects(&world, &buyer), [COMPLETE, "Your order was refunded"]);
    assert_eq!(subjects(&world, &seller), [SOLD, "A sale was refunded"]);
    world.finish().await;
}

#[tokio::test]
async fn an_order_that_expires_is_one_email_to_its_buyer() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(&world, &buyer, &order, "awaiting-payment").await;
    world.advance(HOLD_PERIOD).await;
    world.advance(Duration::from_mins(2)).await;
    assert_eq!(subjects(&world, &buyer), ["Your order expired"]);
    assert_eq!(subjects(&world, &seller).len(), 0);
    world.finish().await;
}

/// A database that fails one commit of an order's emails: the third, which stores that an email was sent.
struct Interrupted {
    database: Arc<SqliteBackend>,
    commits: Arc<AtomicUsize>,
}

impl Intercept for Interrupted {
    fn inner(&self) -> &dyn Backend {
        &*self.database
    }

    fn commit(&self, write: Write) -> BoxFuture<'_, Result<(), CommitError>> {
        if write.collection == "order-emails" && self.commits.fetch_add(1, Ordering::SeqCst) == 2 {
            let error = StoreError::Unavailable("the process has crashed".to_owned());
            return std::future::ready(Err(error.into())).boxed();
        }
        self.database.commit(write)
    }
}

#[tokio::test]
async fn an_email_whose_sending_was_not_committed_is_repeated_under_the_same_message_id() {
    let commits = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&commits);
    let open = move |service: &str| -> Arc<dyn Backend> {
        let database = SqliteBackend::in_memory().expect("a database in memory");
        let commits = Arc::clone(&counted);
        if service == "notifications" { Arc::new(Interrupted { database, commits }) } else { database }
    };
    let world = World::with(WorldConfig { open_store: Box::new(open), ..WorldConfig::default() }).await;
    let (seller, buyer, _) = purchase(&world).await;
    // Past the lease.
    world.advance(Duration::from_mins(2)).await;
    let sent = [emails(&world, &buyer), emails(&world, &seller)].concat();
    let ids: BTreeSet<_> = sent.iter().map(|email| &email.message_id).collect();
    assert_eq!((sent.len(), ids.len()), (3, 2), "one email twice, under one id: {ids:?}");
    world.finish().await;
}
