//! `ticketing recover <service>`.

use std::fs;

use e2e::{Person, Process, cards};
use serde_json::json;

use crate::{PRICE, PROGRAM, assert_eventually, run_command, stdout};

#[tokio::test]
async fn a_restored_database_is_recovered_while_the_marketplace_is_stopped() {
    let data = tempfile::tempdir().expect("a folder");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let endpoints = program.endpoints.clone();
    let (seller, buyer) =
        (Person::sign_up(&endpoints, "seller").await, Person::sign_up(&endpoints, "buyer").await);
    let ticket = seller.sells("Concert", PRICE).await;
    let running = run_command(data.path(), &["recover", "payments"]);
    let words = String::from_utf8_lossy(&running.stderr).into_owned();
    assert!(!running.status.success() && words.contains("in use"), "{words}");

    // Without write-ahead log, since the program is stopped.
    assert!(program.stop(), "a graceful stop succeeds");
    let [file, backup] = ["payments.sqlite", "backup"].map(|name| data.path().join(name));
    fs::copy(&file, &backup).expect("a backup");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let (seller, buyer) = (seller.at(&program.endpoints), buyer.at(&program.endpoints));
    let order = buyer.buys(&ticket).await;
    buyer.pays(&order, cards::VISA).await;
    assert_eventually("the order is complete", || async {
        buyer.order(&order).await["status"] == "complete"
    })
    .await;
    assert!(program.stop(), "a graceful stop succeeds");
    fs::copy(&backup, &file).expect("a restore");

    let recovered = run_command(data.path(), &["recover", "payments"]);
    assert!(recovered.status.success(), "{recovered:?}");
    assert!(stdout(&recovered).contains("had no payment; payment"), "{recovered:?}");
    let program = Process::start(PROGRAM, data.path(), &[]);
    let id = order["id"].as_str().expect("an id");
    assert!(run_command(data.path(), &["refund", id]).status.success());
    let buyer = buyer.at(&program.endpoints);
    assert_eventually("the order shows the refund", || async {
        buyer.order(&order).await["refunded"] == json!(PRICE)
    })
    .await;
    let statement = seller.at(&program.endpoints).all("/api/payments/statement").await;
    assert_eq!(statement[0]["proceeds"]["amount"], 0, "{statement:?}");
}
