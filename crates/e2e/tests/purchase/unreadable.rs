//! Documents that this release cannot parse, such as those of a newer one: no other purchase notices.

use std::sync::Arc;
use std::time::Duration;

use e2e::{Person, World, WorldConfig, cards, poll_until};
use futures::FutureExt;
use futures::future::BoxFuture;
use payments::domain::Payment;
use runtime::testing::edit;
use serde_json::{Value, json};
use store::sqlite::SqliteBackend;
use store::{Backend, IndexedRecord, Intercept, RangeQuery, StoreError};
use uuid::Uuid;

use crate::flows::{becomes, id, ticket_becomes, usd};

/// The status of a newer release.
const NEWER: &str = "on-hold";

/// In real time.
const TIMEOUT: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(20);

/// A payment that became unreadable while its buyer pays. Its poll is due, before every step of other payments.
async fn unreadable_payment(world: &World) -> (Person, Value, Uuid) {
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(world, &buyer, &order, "awaiting-payment").await;
    let payment: Uuid = id(&buyer.begins_to_pay(&order).await.json).parse().expect("an id");
    world.settle().await;
    edit::<Payment>(world.payments(), payment, |state| state["status"] = NEWER.into()).await;
    assert_eq!(buyer.begins_to_pay(&order).await.status, 500, "this purchase alone waits");
    world.clock.advance(Duration::from_mins(2));
    (buyer, order, payment)
}

/// Another purchase without webhooks, so that payments must poll.
async fn purchase_beside(world: &World) -> (Person, Value, Value) {
    world.endpoints.stripe_faults(json!({ "webhooks": { "drop": 100 } })).await;
    let (seller, buyer) = (world.person("other-seller").await, world.person("other-buyer").await);
    let offered = seller.sells("Opera", usd(30_00)).await;
    let order = buyer.buys(&offered).await;
    let is_offered = || async {
        world.clock.advance(TICK);
        buyer.order(&order).await["status"] == "awaiting-payment"
    };
    poll_until(TIMEOUT, "the order is awaiting payment", is_offered).await;
    assert_eq!(buyer.pays(&order, cards::VISA).await.json["status"], "requires_capture");
    (buyer, order, offered)
}

#[tokio::test]
async fn a_payment_with_a_status_of_a_newer_release_stops_no_other_purchase() {
    let world = World::start().await;
    let (first, on_hold, payment) = unreadable_payment(&world).await;

    let (second, order, offered) = purchase_beside(&world).await;
    becomes(&world, &second, &order, "complete").await;
    ticket_becomes(&world, &offered, "sold").await;

    // A release that can read the payment finds it where it was.
    let status = Value::from("requires-payment");
    edit::<Payment>(world.payments(), payment, |state| state["status"] = status).await;
    first.pays(&on_hold, cards::VISA).await;
    becomes(&world, &first, &on_hold, "complete").await;
    world.finish().await;
}

/// A database whose lists fail with one unreadable document, instead of passing over it.
struct AllOrNothing(Arc<SqliteBackend>);

impl Intercept for AllOrNothing {
    fn inner(&self) -> &dyn Backend {
        &*self.0
    }

    fn range(&self, query: RangeQuery) -> BoxFuture<'_, Result<Vec<IndexedRecord>, StoreError>> {
        async move {
            let found = self.0.range(query).await?;
            if found.iter().flat_map(|(_, record)| record).any(|record| record.body.contains(NEWER)) {
                return Err(StoreError::Unavailable("one document is unreadable".to_owned()));
            }
            Ok(found)
        }
        .boxed()
    }
}

#[tokio::test]
async fn without_isolation_an_unreadable_payment_stops_another_purchase() {
    let open = |_: &str| -> Arc<dyn Backend> {
        Arc::new(AllOrNothing(SqliteBackend::in_memory().expect("a database in memory")))
    };
    let world = World::with(WorldConfig { open_store: Box::new(open), ..WorldConfig::default() }).await;
    unreadable_payment(&world).await;
    let (buyer, order, _) = purchase_beside(&world).await;
    // Many polls long, and shorter than the interval of the reconciliation, which finds authorizations in its own way.
    for _ in 0..100 {
        world.clock.advance(Duration::from_secs(3));
        let status = buyer.order(&order).await["status"].clone();
        assert_eq!(status, "awaiting-payment", "no poll sees the authorization");
    }
    world.stop().await;
}
