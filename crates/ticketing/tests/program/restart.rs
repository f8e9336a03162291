//! Restarts of the program, graceful and after a kill.

use e2e::audit::audit;
use e2e::{Person, Process, cards};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{PRICE, PROGRAM, assert_eventually};

const PURCHASES: usize = 100;

async fn is(buyer: &Person, order: &Value, status: &str) -> bool {
    let path = format!("/api/orders/{}", order["id"].as_str().expect("an id"));
    buyer.get(&path).await.json["status"] == status
}

#[tokio::test]
async fn a_ticket_is_bought_and_everything_is_still_there_after_a_restart() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &["--demo"]);
    let endpoints = program.endpoints.clone();
    let (seller, buyer) =
        (Person::sign_up(&endpoints, "seller").await, Person::sign_up(&endpoints, "buyer").await);
    let order = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    buyer.pays(&order, cards::VISA).await;
    assert_eventually("the order is complete", || is(&buyer, &order, "complete")).await;
    assert!(program.stop(), "a graceful stop succeeds");

    let program = Process::start(PROGRAM, data.path(), &["--demo"]);
    let buyer = buyer.at(&program.endpoints);
    assert!(is(&buyer, &order, "complete").await);
    let listed = program.endpoints.get("/api/tickets").await;
    assert_eq!(listed.json["items"].as_array().map(Vec::len), Some(4), "the demo is created once");
    audit(&program.endpoints, &[seller.at(&program.endpoints), buyer]).await.assert_promises_kept();
}

/// A purchase, up to the step at which the program is killed.
async fn purchase(seller: Person, buyer: Person, number: usize) {
    let ticket =
        seller.post("/api/tickets", serde_json::json!({ "title": format!("Seat {number}"), "price": PRICE }));
    let ticket = ticket.await;
    if ticket.status != 201 {
        return;
    }
    let order = buyer.orders(&ticket.json).await;
    if order.status != 201 {
        return;
    }
    let payment = buyer.begins_to_pay(&order.json).await;
    if payment.status == 201 {
        buyer.enters_card(&payment.json, cards::VISA).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_hundred_purchases_it_keeps_both_promises() {
    let data = tempfile::tempdir().expect("a folder");
    let mut program = Process::start(PROGRAM, data.path(), &["--hold", "10s"]);
    let endpoints = program.endpoints.clone();
    let seller = Person::sign_up(&endpoints, "seller").await;
    let mut people = vec![seller.clone()];
    for number in 0..4 {
        people.push(Person::sign_up(&endpoints, &format!("buyer{number}")).await);
    }
    let mut purchases = JoinSet::new();
    for number in 0..PURCHASES {
        purchases.spawn(purchase(seller.clone(), people[1 + number % 4].clone(), number));
    }
    // Kill while some purchases are complete and others have only started.
    for _ in 0..PURCHASES / 4 {
        purchases.join_next().await;
    }
    program.kill();
    purchases.join_all().await;

    let program = Process::start(PROGRAM, data.path(), &["--hold", "10s"]);
    let people: Vec<_> = people.iter().map(|person| person.at(&program.endpoints)).collect();
    assert_eventually("every order has ended", || async {
        let report = audit(&program.endpoints, &people).await;
        report.open == 0 && report.authorized == 0 && report.violations.is_empty()
    })
    .await;
    let report = audit(&program.endpoints, &people).await;
    report.assert_promises_kept();
    assert!(report.complete > 0, "some purchases were made: {report:?}");
}
