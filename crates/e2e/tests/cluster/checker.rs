//! Tests of the invariants themselves: each planted violation is found.

use std::time::Duration;

use common::{Currency, Money};
use e2e::invariants::violations;
use e2e::{Cluster, Person, Snapshot, cards};
use serde_json::{Value, json};

use crate::one_at_a_time;

const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };
/// An id that does not exist.
const UNKNOWN_ID: &str = "0192f0c0-7c1e-7e3a-8000-1234567890ab";

/// A corruption of a consistent snapshot, and the violation that must be found.
struct Corruption {
    apply: fn(&mut Snapshot),
    violation: &'static str,
}

/// The first document of a collection whose state fits.
fn document<'a>(
    snapshot: &'a mut Snapshot,
    collection: &str,
    fits: impl Fn(&Value) -> bool,
) -> &'a mut Value {
    let documents = snapshot.documents.get_mut(collection).expect("a collection");
    documents.iter_mut().find(|one| fits(&one["state"])).expect("a document")
}

fn is_complete(order: &Value) -> bool {
    order["status"] == "complete"
}

fn is_sold(ticket: &Value) -> bool {
    ticket["status"]["state"] == "sold"
}

fn any(_: &Value) -> bool {
    true
}

fn intent<'a>(snapshot: &'a mut Snapshot, status: &str) -> &'a mut Value {
    snapshot.intents.iter_mut().find(|one| one["status"] == status).expect("an intent")
}

const CORRUPTIONS: &[Corruption] = &[
    Corruption {
        apply: |snapshot| {
            let mut second = document(snapshot, "orders.orders", is_complete).clone();
            second["state"]["id"] = json!(UNKNOWN_ID);
            snapshot.documents.get_mut("orders.orders").expect("orders").push(second);
        },
        violation: "is sold to",
    },
    Corruption {
        apply: |snapshot| {
            document(snapshot, "orders.orders", is_complete)["state"]["status"] = json!("paying");
        },
        violation: "is still paying",
    },
    Corruption {
        apply: |snapshot| {
            document(snapshot, "orders.orders", is_complete)["state"]["status"] =
                json!({ "cancelled": "expired" });
        },
        violation: "captured 1 times",
    },
    Corruption {
        apply: |snapshot| {
            document(snapshot, "tickets.tickets", is_sold)["state"]["status"] =
                json!({ "state": "available" });
        },
        violation: "is complete and has no ticket",
    },
    Corruption {
        apply: |snapshot| {
            let cancelled = document(snapshot, "orders.orders", |order| !is_complete(order));
            let order = cancelled["state"]["id"].clone();
            document(snapshot, "tickets.tickets", |ticket| !is_sold(ticket))["state"]["status"] =
                json!({ "state": "reserved", "order": order });
        },
        violation: "is reserved for order",
    },
    Corruption {
        apply: |snapshot| drop(snapshot.documents.remove("tickets.closed-orders")),
        violation: "has no tombstone",
    },
    Corruption {
        apply: |snapshot| intent(snapshot, "succeeded")["status"] = json!("canceled"),
        violation: "captured 0 times",
    },
    Corruption {
        apply: |snapshot| intent(snapshot, "succeeded")["amount_received"] = json!(1),
        violation: "1 \"usd\" were captured",
    },
    Corruption {
        apply: |snapshot| {
            let twice = intent(snapshot, "succeeded").clone();
            snapshot.intents.push(twice);
        },
        violation: "captured 2 times",
    },
    Corruption {
        apply: |snapshot| intent(snapshot, "canceled")["status"] = json!("requires_capture"),
        violation: "still requires_capture",
    },
    Corruption {
        apply: |snapshot| intent(snapshot, "succeeded")["metadata"]["order"] = json!(UNKNOWN_ID),
        violation: "for an unknown order",
    },
    Corruption {
        apply: |snapshot| {
            document(snapshot, "payments.payments", |payment| payment["status"] == "captured")["state"]["status"] =
                json!("capturing");
        },
        violation: "is capturing, its order complete",
    },
    Corruption {
        apply: |snapshot| document(snapshot, "orders.tickets", any)["state"]["asOf"] = json!(0),
        violation: "orders.tickets has",
    },
    Corruption {
        apply: |snapshot| drop(snapshot.documents.remove("payments.orders")),
        violation: "payments.orders lacks",
    },
    Corruption {
        apply: |snapshot| {
            document(snapshot, "payments.orders", any)["state"]["state"]["status"] = json!("created");
        },
        violation: "payments.orders has",
    },
    Corruption {
        apply: |snapshot| {
            document(snapshot, "expiration.deadlines", any)["state"]["status"] = json!("pending");
        },
        violation: "expiration.deadlines has",
    },
    Corruption {
        apply: |snapshot| {
            let known = document(snapshot, "expiration.deadlines", any);
            known["state"]["orderId"] = json!(UNKNOWN_ID);
        },
        violation: "which orders.orders lacks",
    },
    Corruption {
        apply: |snapshot| document(snapshot, "orders.orders", any)["outbox"] = json!([{ "event": {} }]),
        violation: "1 events in its outbox",
    },
    Corruption {
        apply: |snapshot| {
            let removed = json!({ "_id": UNKNOWN_ID, "removed": true, "outbox": [] });
            snapshot.documents.get_mut("orders.orders").expect("orders").push(removed);
        },
        violation: "is removed and still stored",
    },
    Corruption {
        apply: |snapshot| {
            let letter = json!({ "_id": UNKNOWN_ID, "state": { "event": {}, "reason": "it broke" } });
            snapshot.documents.entry("orders.dead-letters".to_owned()).or_default().push(letter);
        },
        violation: "it broke",
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_planted_violation_is_found() {
    let _alone = one_at_a_time().await;
    let cluster = Cluster::start("15m", |config| config.replicas = 1).await;
    let endpoints = cluster.endpoints();
    let (seller, buyer) =
        (Person::sign_up(&endpoints, "seller").await, Person::sign_up(&endpoints, "buyer").await);
    let kept = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    let cancelled = buyer.buys(&seller.sells("Opera", PRICE).await).await;
    assert_eq!(buyer.begins_to_pay(&cancelled).await.status, 201);
    assert_eq!(buyer.cancels(&cancelled).await.status, 204);
    buyer.pays(&kept, cards::VISA).await;

    let snapshot = cluster.wait_until_consistent(Duration::from_mins(1)).await;
    assert_eq!((snapshot.ended("complete"), snapshot.ended("by-buyer")), (1, 1));
    for (number, Corruption { apply, violation }) in CORRUPTIONS.iter().enumerate() {
        let mut corrupted = snapshot.clone();
        apply(&mut corrupted);
        let found = violations(&corrupted);
        assert!(found.iter().any(|one| one.contains(violation)), "{number}, `{violation}`: {found:?}");
    }
}
