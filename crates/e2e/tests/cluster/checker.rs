//! The checker itself: it finds every lie that is told it.

use std::time::Duration;

use common::{Currency, Money};
use e2e::books::Books;
use e2e::{Cluster, Person, cards};
use serde_json::{Value, json};

use crate::one_at_a_time;

const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };
/// An id that nothing has.
const NOWHERE: &str = "0192f0c0-7c1e-7e3a-8000-1234567890ab";

/// A change to books in order, and what must be said about it.
struct Lie {
    tell: fn(&mut Books),
    found: &'static str,
}

/// The document of a complete (or cancelled) order, and of what belongs to it.
fn document<'a>(books: &'a mut Books, collection: &str, fits: impl Fn(&Value) -> bool) -> &'a mut Value {
    let documents = books.documents.get_mut(collection).expect("a collection");
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

fn intent<'a>(books: &'a mut Books, status: &str) -> &'a mut Value {
    books.intents.iter_mut().find(|one| one["status"] == status).expect("an intent")
}

const LIES: &[Lie] = &[
    Lie {
        tell: |books| {
            let mut second = document(books, "orders.orders", is_complete).clone();
            second["state"]["id"] = json!(NOWHERE);
            books.documents.get_mut("orders.orders").expect("orders").push(second);
        },
        found: "is sold to",
    },
    Lie {
        tell: |books| {
            document(books, "orders.orders", is_complete)["state"]["status"] = json!("paying");
        },
        found: "is still paying",
    },
    Lie {
        tell: |books| {
            document(books, "orders.orders", is_complete)["state"]["status"] =
                json!({ "cancelled": "expired" });
        },
        found: "money was taken 1 times",
    },
    Lie {
        tell: |books| {
            document(books, "tickets.tickets", is_sold)["state"]["status"] = json!({ "state": "available" });
        },
        found: "is complete and has no ticket",
    },
    Lie {
        tell: |books| {
            let cancelled = document(books, "orders.orders", |order| !is_complete(order));
            let order = cancelled["state"]["id"].clone();
            document(books, "tickets.tickets", |ticket| !is_sold(ticket))["state"]["status"] =
                json!({ "state": "reserved", "order": order });
        },
        found: "is reserved for order",
    },
    Lie { tell: |books| drop(books.documents.remove("tickets.closed-orders")), found: "has not heard" },
    Lie { tell: |books| intent(books, "succeeded")["status"] = json!("canceled"), found: "taken 0 times" },
    Lie {
        tell: |books| intent(books, "succeeded")["amount_received"] = json!(1),
        found: "1 \"usd\" were taken",
    },
    Lie {
        tell: |books| {
            let twice = intent(books, "succeeded").clone();
            books.intents.push(twice);
        },
        found: "taken 2 times",
    },
    Lie {
        tell: |books| intent(books, "canceled")["status"] = json!("requires_capture"),
        found: "still requires_capture",
    },
    Lie {
        tell: |books| intent(books, "succeeded")["metadata"]["order"] = json!(NOWHERE),
        found: "for an unknown order",
    },
    Lie {
        tell: |books| {
            document(books, "payments.payments", |payment| payment["status"] == "captured")["state"]["status"] =
                json!("capturing");
        },
        found: "is capturing, its order complete",
    },
    Lie {
        tell: |books| document(books, "orders.tickets", any)["state"]["asOf"] = json!(0),
        found: "orders.tickets says",
    },
    Lie {
        tell: |books| drop(books.documents.remove("payments.orders")),
        found: "payments.orders does not know",
    },
    Lie {
        tell: |books| document(books, "payments.orders", any)["state"]["state"]["status"] = json!("created"),
        found: "payments.orders says",
    },
    Lie {
        tell: |books| document(books, "expiration.deadlines", any)["state"]["status"] = json!("pending"),
        found: "expiration.deadlines says",
    },
    Lie {
        tell: |books| {
            let known = document(books, "expiration.deadlines", any);
            known["state"]["orderId"] = json!(NOWHERE);
        },
        found: "which orders.orders does not",
    },
    Lie {
        tell: |books| document(books, "orders.orders", any)["outbox"] = json!([{ "event": {} }]),
        found: "1 events in its outbox",
    },
    Lie {
        tell: |books| {
            let removed = json!({ "_id": NOWHERE, "removed": true, "outbox": [] });
            books.documents.get_mut("orders.orders").expect("orders").push(removed);
        },
        found: "is removed and still there",
    },
    Lie {
        tell: |books| {
            let letter = json!({ "_id": NOWHERE, "state": { "event": {}, "reason": "it broke" } });
            books.documents.entry("orders.dead-letters".to_owned()).or_default().push(letter);
        },
        found: "it broke",
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_lie_in_the_books_is_found() {
    let _alone = one_at_a_time().await;
    let cluster = Cluster::start("15m", |plan| plan.replicas = 1).await;
    let place = cluster.place();
    let (seller, buyer) = (Person::sign_up(&place, "seller").await, Person::sign_up(&place, "buyer").await);
    let kept = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    let given_up = buyer.buys(&seller.sells("Opera", PRICE).await).await;
    assert_eq!(buyer.begins_to_pay(&given_up).await.status, 201);
    assert_eq!(buyer.cancels(&given_up).await.status, 204);
    buyer.pays(&kept, cards::VISA).await;

    let books = cluster.comes_to_rest(Duration::from_mins(1)).await;
    assert_eq!((books.ended("complete"), books.ended("by-buyer")), (1, 1));
    for (number, lie) in LIES.iter().enumerate() {
        let mut lied = books.clone();
        (lie.tell)(&mut lied);
        let faults = lied.faults();
        assert!(
            faults.iter().any(|fault| fault.contains(lie.found)),
            "lie {number}, `{}`: {faults:?}",
            lie.found
        );
    }
}
