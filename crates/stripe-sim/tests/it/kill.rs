//! The program itself, killed in the middle of its work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::Value;
use tokio::process::Child;
use tokio::task::JoinSet;

use crate::support::{Received, Receiver, program};

const PAYMENTS: usize = 40;

/// The program on this database, telling this receiver.
async fn launch(tasks: &mut JoinSet<()>, database: &Path, webhook_url: &str) -> (Child, String) {
    let database = database.to_str().expect("a path in UTF-8");
    program::launch(tasks, &["--webhook-url", webhook_url, "--database", database]).await
}

/// Creates and confirms the payment number `number`; `None` if no reply came.
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
    let mut promised = BTreeSet::new();
    while promised.len() < PAYMENTS / 4 {
        let paid = under_way.next().await.expect("one more").expect("a reply");
        promised.insert(paid["id"].to_string());
    }
    program.kill().await.expect("killed");
    // What was answered before the end was seen counts, too.
    promised.extend(
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
    assert!(promised.is_subset(&ids), "what was answered before is answered again");
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
    receiver.has(all_announced).await;
}
