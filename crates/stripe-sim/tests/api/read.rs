//! Lists in pages, and expanded objects.

use std::time::Duration;

use futures::TryStreamExt;
use stripe_core::payment_intent::ListPaymentIntent;

use crate::app::{START, TestApp};

/// Seven payments, one a second, oldest first.
async fn seven(app: &TestApp) -> Vec<String> {
    let mut ids = Vec::new();
    for _ in 0..7 {
        ids.push(app.create().await.id());
        app.clock.advance(Duration::from_secs(1));
    }
    ids
}

async fn list(app: &TestApp, query: &str) -> (Vec<String>, bool) {
    let response = app.get(&format!("/v1/payment_intents?{query}")).await;
    assert_eq!(response.status, 200, "{response:?}");
    assert_eq!(
        (&response.body["object"], &response.body["url"]),
        (&"list".into(), &"/v1/payment_intents".into())
    );
    let data = response.body["data"].as_array().expect("a list");
    let ids = data.iter().map(|intent| intent["id"].as_str().expect("an id").to_owned()).collect();
    (ids, response.body["has_more"].as_bool().expect("has_more"))
}

fn newest_first(ids: &[String]) -> Vec<String> {
    ids.iter().rev().cloned().collect()
}

#[tokio::test]
async fn pages_lead_through_all_of_them_both_ways() {
    let app = TestApp::start().await;
    let ids = seven(&app).await;
    assert_eq!(list(&app, "").await, (newest_first(&ids), false));
    assert_eq!(list(&app, "limit=7").await, (newest_first(&ids), false));
    assert_eq!(list(&app, "limit=3").await, (newest_first(&ids[4..]), true));
    let after = |id: &str| format!("limit=3&starting_after={id}");
    assert_eq!(list(&app, &after(&ids[4])).await, (newest_first(&ids[1..4]), true));
    assert_eq!(list(&app, &after(&ids[1])).await, (newest_first(&ids[..1]), false));
    let before = |id: &str| format!("limit=3&ending_before={id}");
    assert_eq!(list(&app, &before(&ids[1])).await, (newest_first(&ids[2..5]), true));
    assert_eq!(list(&app, &before(&ids[3])).await, (newest_first(&ids[4..]), false));
    assert_eq!(list(&app, &before(&ids[6])).await, (vec![], false));
}

#[tokio::test]
async fn those_of_one_moment_are_listed_once_each() {
    let app = TestApp::start().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(app.create().await.id());
    }
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let (page, more) = list(&app, &query).await;
        query = format!("limit=2&starting_after={}", page.last().expect("a page with something on it"));
        seen.extend(page);
        if !more {
            break;
        }
    }
    ids.sort();
    seen.sort();
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn times_bound_the_list() {
    let app = TestApp::start().await;
    let ids = seven(&app).await;
    let (second, fourth) = (START + 2, START + 4);
    for (query, expected) in [
        (format!("created[gte]={second}&created[lte]={fourth}"), &ids[2..5]),
        (format!("created[gt]={second}&created[lt]={fourth}"), &ids[3..4]),
        (format!("created={second}"), &ids[2..3]),
        (format!("created[gte]={}", START + 7), &[]),
        (format!("created[lte]={fourth}&starting_after={}", ids[6]), &ids[..5]),
        (format!("created[gte]={second}&starting_after={}", ids[4]), &ids[2..4]),
        (format!("created[gte]={fourth}&ending_before={}", ids[1]), &ids[4..]),
    ] {
        assert_eq!(list(&app, &query).await, (newest_first(expected), false), "{query}");
    }
}

#[tokio::test]
async fn stripes_client_pages_through() {
    let app = TestApp::start().await;
    let ids = seven(&app).await;
    let client = app.stripe();
    let pages = ListPaymentIntent::new().limit(2).paginate();
    let all: Vec<_> = pages.stream(&client).try_collect().await.expect("all of them");
    assert_eq!(all.iter().map(|intent| intent.id.to_string()).collect::<Vec<_>>(), newest_first(&ids));
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let app = TestApp::start().await;
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("starting_after=pi_1", "starting_after"),
        ("ending_before=x", "ending_before"),
        ("created[gte]=yesterday", "created[gte]"),
    ] {
        let response = app.get(&format!("/v1/payment_intents?{query}")).await;
        assert_eq!(
            (response.status, response.body["error"]["param"].as_str()),
            (400, Some(param)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn paths_lead_from_object_to_object() {
    let app = TestApp::start().await;
    let id = app.captured("pm_card_visa").await;
    let path = format!(
        "/v1/payment_intents/{id}?expand[]=latest_charge.balance_transaction.source.payment_intent&expand[]=payment_method&expand[]=customer"
    );
    let intent = app.get(&path).await.body;
    assert_eq!(intent["payment_method"]["card"]["last4"], "4242");
    let transaction = &intent["latest_charge"]["balance_transaction"];
    assert_eq!(transaction["source"]["payment_intent"]["id"], id.as_str());
    assert!(intent["customer"].is_null());
}

#[tokio::test]
async fn commands_and_lists_expand_too() {
    let app = TestApp::start().await;
    let id = app.captured("pm_card_visa").await;
    let params =
        [("payment_intent", id.as_str()), ("expand[]", "charge.refunds"), ("expand[1]", "payment_intent")];
    let refund = app.post("/v1/refunds", &params).await.body;
    assert_eq!(refund["charge"]["refunds"]["data"][0]["id"], refund["id"]);
    assert_eq!(refund["payment_intent"]["id"], id.as_str());
    let list = app.get("/v1/refunds?expand[]=data.charge").await.body;
    assert_eq!(list["data"][0]["charge"]["refunded"], true);
    let plain =
        app.get(&format!("/v1/charges/{}", list["data"][0]["charge"]["id"].as_str().expect("an id"))).await;
    assert!(plain.body.get("refunds").is_none(), "only where it is asked for");
}

#[tokio::test]
async fn what_cannot_be_expanded_is_refused_before_anything_is_done() {
    let app = TestApp::start().await;
    let id = app.captured("pm_card_visa").await;
    for expand in [
        "amount",
        "latest_charge",
        "charge.amount",
        "data.charge",
        "charge.payment_intent.latest_charge.payment_intent.latest_charge",
    ] {
        let params = [("payment_intent", id.as_str()), ("expand[]", expand)];
        let response = app.post("/v1/refunds", &params).await;
        assert_eq!((response.status, &response.body["error"]["param"]), (400, &"expand".into()), "{expand}");
    }
    assert_eq!(app.post("/v1/refunds", &[("payment_intent", &id), ("expand", "charge")]).await.status, 400);
    let message = app.get("/v1/charges?expand[]=payment_intent").await.body;
    let message = message["error"]["message"].as_str().expect("a message").to_owned();
    assert!(message.contains("'data.payment_intent'"), "{message}");
    assert_eq!(app.get("/v1/balance?expand[]=available").await.status, 400);
    let usd = common::Currency::Usd;
    assert_eq!(app.sim.refunded_total(usd).await.expect("a sum").amount, 0);
}
