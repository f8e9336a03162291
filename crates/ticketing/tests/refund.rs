//! `ticketing refund <order>`: the operator gives money back, beside the running program and without it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use common::{Currency, Money};
use e2e::{Endpoints, Person, Process, cards};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ticketing");
const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };

fn refund(data: &Path, order: &Value) -> Output {
    let order = order["id"].as_str().expect("an id");
    Command::new(PROGRAM)
        .arg("--data-dir")
        .arg(data)
        .args(["refund", order])
        .output()
        .expect("the program runs")
}

/// Looks again and again, in real time: the program has no other.
#[expect(clippy::disallowed_methods, reason = "another process cannot be waited for in any other way")]
async fn becomes(buyer: &Person, order: &Value, field: &str, value: Value) {
    let mut seen = Value::Null;
    for _ in 0..600 {
        seen = buyer.order(order).await;
        if seen[field] == value {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to pass that {field} is {value}: {seen}");
}

async fn bought(seller: &Person, buyer: &Person) -> Value {
    let order = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    buyer.pays(&order, cards::VISA).await;
    becomes(buyer, &order, "status", json!("complete")).await;
    order
}

#[tokio::test]
async fn the_operator_gives_money_back_beside_the_running_program_and_without_it() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let endpoints = program.endpoints.clone();
    let (seller, buyer) =
        (Person::sign_up(&endpoints, "seller").await, Person::sign_up(&endpoints, "buyer").await);
    let (first, second) = (bought(&seller, &buyer).await, bought(&seller, &buyer).await);

    let told = refund(data.path(), &first);
    let words = String::from_utf8_lossy(&told.stdout);
    assert!(told.status.success() && words.contains("go back to the buyer"), "{words}");
    becomes(&buyer, &first, "refunded", json!(PRICE)).await;
    let again = refund(data.path(), &first);
    let words = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && words.contains("went back to the buyer before"), "{words}");

    // While nothing runs, the command only says what shall be done.
    assert!(program.stop(), "it ends well when it is asked to");
    assert!(refund(data.path(), &second).status.success());
    let program = Process::start(PROGRAM, data.path(), &[]);
    becomes(&buyer.at(&program.endpoints), &second, "refunded", json!(PRICE)).await;
}

#[tokio::test]
async fn the_operator_is_alerted_of_a_refund_and_of_a_dispute_that_come_from_elsewhere() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let endpoints = program.endpoints.clone();
    let (seller, buyer) =
        (Person::sign_up(&endpoints, "seller").await, Person::sign_up(&endpoints, "buyer").await);
    let alerts = async || {
        let metrics = endpoints.http.get(&program.metrics).send().await.expect("metrics").text().await;
        let metrics = metrics.expect("text");
        ["payment_refunds_at_stripe_total 1", "payment_disputes_total 1"].map(|one| metrics.contains(one))
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
