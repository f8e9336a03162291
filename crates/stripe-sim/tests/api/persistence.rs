//! State that survives a stop and a kill of the process.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use reqwest::Method;
use serde_json::Value;
use tokio::process::Child;
use tokio::task::JoinSet;

use crate::app::{NEW, PUBLISHABLE_KEY, TestApp, launch_program};
use crate::receiver::{Received, Receiver};

#[tokio::test]
async fn payments_replies_and_events_outlive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stripe.db");
    let app = TestApp::on_file(&file, 1).await;
    let created = app.post_once("key-1", "/v1/payment_intents", &NEW).await;
    let id = created.id();
    app.confirm(&id, "pm_card_visa").await;
    assert!(app.receiver.received().is_empty());
    app.stop().await;

    let mut app = TestApp::on_file(&file, 2).await;
    assert_eq!(app.state(&id).await, "requires_capture");
    let again = app.post_once("key-1", "/v1/payment_intents", &NEW).await;
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&created.body, Some("true")));
    app.deliver();
    app.wait_until_idle().await;
    assert_eq!(app.receiver.kinds(), ["created", "amount_capturable_updated"]);
    app.stop().await;

    let mut app = TestApp::on_file(&file, 3).await;
    app.deliver();
    app.wait_until_idle().await;
    assert!(app.receiver.received().is_empty(), "what was delivered is not delivered again");
    app.stop().await;
}

#[tokio::test]
async fn card_numbers_are_nowhere_in_the_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let app = TestApp::on_file(&folder.path().join("stripe.db"), 1).await;
    let created = app.create().await;
    let secret = created.secret();
    for number in ["4000000000000002", "4242424242424242"] {
        let params = [
            ("client_secret", secret.as_str()),
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", number),
            ("payment_method_data[card][exp_month]", "12"),
            ("payment_method_data[card][exp_year]", "34"),
            ("payment_method_data[card][cvc]", "987"),
        ];
        let bearer = format!("Bearer {PUBLISHABLE_KEY}");
        // With a key, the request's fingerprint is stored, too.
        let headers = [("authorization", bearer.as_str()), ("idempotency-key", &number[12..])];
        app.call(Method::POST, &format!("/v1/payment_intents/{}/confirm", created.id()), &headers, &params)
            .await;
    }
    assert_eq!(app.state(&created.id()).await, "requires_capture");
    app.stop().await;
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(folder.path()).expect("a folder") {
        kept.extend(std::fs::read(entry.expect("an entry").path()).expect("a file"));
    }
    let keeps = |text: &str| kept.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(keeps(&created.id()), "the files that were looked at are the database");
    for number in ["4000000000000002", "4242424242424242"] {
        assert!(!keeps(number), "{number}");
    }
}

const PAYMENTS: usize = 40;

/// Starts the program with this database and receiver.
async fn launch(tasks: &mut JoinSet<()>, database: &Path, webhook_url: &str) -> (Child, String) {
    let database = database.to_str().expect("a path in UTF-8");
    launch_program(tasks, &["--webhook-url", webhook_url, "--database", database]).await
}

/// Creates and confirms the payment number `number`; `None` without a response.
async fn pay(http: &reqwest::Client, url: &str, number: usize) -> Option<Value> {
    let request = http.post(format!("{url}/v1/payment_intents")).bearer_auth("sk_test_sim");
    let request = request.header("idempotency-key", format!("payment-{number}"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let body = "amount=2500&currency=usd&confirm=true&payment_method=pm_card_visa";
    let reply = request.body(body).send().await.ok()?;
    let status = reply.status();
    let body = reply.json().await.ok()?;
    assert_eq!(status, 200, "{body}");
    Some(body)
}

#[tokio::test]
async fn a_killed_simulator_loses_nothing_and_doubles_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("stripe.db");
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut tasks = JoinSet::new();
    let receiver = Receiver::start(&mut tasks).await;

    let (mut program, url) = launch(&mut tasks, &database, &receiver.url).await;
    let mut under_way: FuturesUnordered<_> = (0..PAYMENTS).map(|number| pay(&http, &url, number)).collect();
    let mut acknowledged = BTreeSet::new();
    while acknowledged.len() < PAYMENTS / 4 {
        let paid = under_way.next().await.expect("one more").expect("a reply");
        acknowledged.insert(paid["id"].to_string());
    }
    program.kill().await.expect("killed");
    // Responses that arrived before the kill count, too.
    acknowledged.extend(
        under_way.filter_map(async |paid| paid).map(|paid| paid["id"].to_string()).collect::<Vec<_>>().await,
    );

    let (_program, url) = launch(&mut tasks, &database, &receiver.url).await;
    let mut ids = BTreeSet::new();
    for number in 0..PAYMENTS {
        let paid = pay(&http, &url, number).await.expect("a reply");
        assert_eq!(paid["status"], "succeeded");
        ids.insert(paid["id"].to_string());
    }
    assert_eq!(ids.len(), PAYMENTS);
    assert!(acknowledged.is_subset(&ids), "what was answered before is answered again");
    let request = http.get(format!("{url}/v1/payment_intents?limit=100")).bearer_auth("sk_test_sim");
    let list: Value = request.send().await.expect("a reply").json().await.expect("JSON");
    assert_eq!(list["data"].as_array().expect("a list").len(), PAYMENTS);

    let all_announced = |events: &[Received]| {
        let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in events {
            let object = &event.json()["data"]["object"];
            let payment =
                if object["object"] == "charge" { &object["payment_intent"] } else { &object["id"] };
            seen.entry(payment.to_string()).or_default().insert(event.kind());
        }
        ids.iter().all(|id| seen.get(id).is_some_and(|kinds| kinds.len() == 3))
    };
    receiver.wait_until(all_announced).await;
}
