//! `ticketing refund <order>`, with and without a running marketplace.

use std::path::Path;
use std::process::Output;

use common::Money;
use e2e::{Endpoints, Person, Process, cards};
use serde_json::{Value, json};

use crate::{PRICE, PROGRAM, assert_eventually, run_command, stdout};

fn refund(data: &Path, order: &Value) -> Output {
    run_command(data, &["refund", order["id"].as_str().expect("an id")])
}

async fn becomes(buyer: &Person, order: &Value, field: &str, value: Value) {
    let what = format!("{field} is {value}");
    assert_eventually(&what, || async { buyer.order(order).await[field] == value }).await;
}

pub(crate) async fn bought(seller: &Person, buyer: &Person) -> Value {
    let order = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    buyer.pays(&order, cards::VISA).await;
    becomes(buyer, &order, "status", json!("complete")).await;
    order
}

#[tokio::test]
async fn the_operator_refunds_with_and_without_a_running_program() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let endpoints = program.endpoints.clone();
    let (seller, buyer) =
        (Person::sign_up(&endpoints, "seller").await, Person::sign_up(&endpoints, "buyer").await);
    let (first, second) = (bought(&seller, &buyer).await, bought(&seller, &buyer).await);

    let output = refund(data.path(), &first);
    assert!(output.status.success() && stdout(&output).contains("go back to the buyer"), "{output:?}");
    becomes(&buyer, &first, "refunded", json!(PRICE)).await;
    let again = refund(data.path(), &first);
    assert!(again.status.success() && stdout(&again).contains("went back to the buyer before"), "{again:?}");

    // Without a running program the refund is only committed.
    assert!(program.stop(), "a graceful stop succeeds");
    assert!(refund(data.path(), &second).status.success());
    let program = Process::start(PROGRAM, data.path(), &[]);
    becomes(&buyer.at(&program.endpoints), &second, "refunded", json!(PRICE)).await;
}

#[tokio::test]
async fn metrics_count_refunds_and_disputes_at_stripe() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let endpoints = program.endpoints.clone();
    let (seller, buyer) =
        (Person::sign_up(&endpoints, "seller").await, Person::sign_up(&endpoints, "buyer").await);
    let alerts = async || {
        let metrics = endpoints.http.get(&program.metrics).send().await.expect("metrics").text().await;
        let metrics = metrics.expect("text");
        ["payment_external_refunds_total 1", "payment_disputes_total 1"].map(|one| metrics.contains(one))
    };
    assert_eq!(alerts().await, [false, false]);

    let order = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    let intent = buyer.pays(&order, cards::VISA).await.text("id");
    becomes(&buyer, &order, "status", json!("complete")).await;
    let form = format!("payment_intent={intent}&amount=500");
    let request = endpoints.http.post(format!("{}/v1/refunds", endpoints.stripe)).bearer_auth("sk_test_sim");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    assert_eq!(Endpoints::send(request).await.status, 200);
    becomes(&buyer, &order, "refunded", json!(Money { amount: 5_00, ..PRICE })).await;
    assert_eq!(alerts().await, [true, false]);

    let order = buyer.buys(&seller.sells("Play", PRICE).await).await;
    buyer.pays(&order, cards::DISPUTED).await;
    becomes(&buyer, &order, "dispute", json!("open")).await;
    assert_eq!(alerts().await, [true, true]);
}
