use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{TICKETS, TestApp, address, items, offer, offer_with};

async fn lists(app: &TestApp, title: impl ToString) -> Value {
    app.service.clock.advance(Duration::from_millis(1));
    app.listed(offer_with("title", json!(title.to_string()))).await
}

#[tokio::test]
async fn an_empty_market_is_an_empty_list() {
    let app = TestApp::start().await;
    let reply = app.anonymous().get(TICKETS).await;
    assert_eq!((reply.status, reply.json.clone()), (200, json!({ "items": [], "next": null })));
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "public, no-cache");
}

#[tokio::test]
async fn available_tickets_are_listed_newest_first_and_reserved_ones_on_request() {
    let app = TestApp::start().await;
    lists(&app, "old").await;
    let (reserved, _) = app.reserved().await;
    app.sold().await;
    app.withdrawn().await;
    let new = lists(&app, "new").await;
    for path in [TICKETS, "/api/tickets?status=available&unknown=1"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!(items(&reply, "title"), ["new", "old"]);
        assert_eq!(reply.json["items"][0], new, "an item looks like the ticket");
    }
    let reply = app.anonymous().get("/api/tickets?status=reserved").await;
    assert_eq!(items(&reply, "id"), [reserved["id"].as_str().expect("an id")]);
    assert!(!String::from_utf8_lossy(&reply.body).contains("orderId"));
}

#[tokio::test]
async fn what_no_list_has_is_refused() {
    let app = TestApp::start().await;
    for (query, code, fields) in [
        ("status=sold", "not-valid", vec!["status"]),
        ("status=", "not-valid", vec!["status"]),
        ("limit=0", "not-valid", vec!["limit"]),
        ("limit=101", "not-valid", vec!["limit"]),
        ("limit=ten", "not-valid", vec!["limit"]),
        ("cursor=garbage", "bad-cursor", vec![]),
        ("cursor=", "bad-cursor", vec![]),
    ] {
        let reply = app.anonymous().get(&format!("{TICKETS}?{query}")).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, code, fields), "{query}");
    }
}

#[tokio::test]
async fn pages_stay_stable_while_tickets_are_listed() {
    let app = TestApp::start().await;
    for n in 0..25 {
        lists(&app, n).await;
    }
    let first = app.anonymous().get(TICKETS).await;
    assert_eq!(items(&first, "title").len(), 20, "the default");
    lists(&app, "in between").await;
    let cursor = first.json["next"].as_str().expect("more");
    let second = app.anonymous().get(&format!("{TICKETS}?cursor={cursor}")).await;
    let mut seen = items(&first, "title");
    seen.extend(items(&second, "title"));
    let expected: Vec<_> = (0..25).rev().map(|n| n.to_string()).collect();
    assert_eq!(seen, expected);
    assert_eq!(second.json["next"], Value::Null);
    let elsewhere = app.anonymous().get(&format!("{TICKETS}?status=reserved&cursor={cursor}")).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (400, "bad-cursor"));
}

#[tokio::test]
async fn tickets_of_the_same_millisecond_are_neither_lost_nor_doubled_between_pages() {
    let app = TestApp::start().await;
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.push(app.listed(offer()).await["id"].as_str().expect("an id").to_owned());
    }
    let (mut seen, mut path) = (Vec::new(), format!("{TICKETS}?limit=2"));
    loop {
        let page = app.anonymous().get(&path).await;
        seen.extend(items(&page, "id").into_iter().map(str::to_owned));
        let Some(next) = page.json["next"].as_str() else { break };
        path = format!("{TICKETS}?limit=2&cursor={next}");
    }
    expected.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_tag_names_the_bytes() {
    let app = TestApp::start().await;
    lists(&app, "one").await;
    let first = app.anonymous().get(TICKETS).await;
    let tag = first.header("etag");
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "strong: {tag}");
    assert_eq!(app.anonymous().get(TICKETS).await.header("etag"), tag);
    let reply = app.anonymous().header("if-none-match", tag).get(TICKETS).await;
    assert_eq!((reply.status, reply.body.len(), reply.header("etag")), (304, 0, tag));
    lists(&app, "two").await;
    let reply = app.anonymous().header("if-none-match", tag).get(TICKETS).await;
    assert_eq!(reply.status, 200);
    assert_ne!(reply.header("etag"), tag);
}

#[tokio::test]
async fn a_list_that_was_just_read_shows_every_change_at_once() {
    let app = TestApp::start().await;
    let shown = async || {
        let reply = app.anonymous().get(TICKETS).await;
        items(&reply, "title").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(shown().await.is_empty());
    let ticket = app.listed(offer()).await;
    assert_eq!(shown().await, ["Concert"]);
    app.seller().put(&address(&ticket), offer_with("title", json!("Opera"))).await;
    assert_eq!(shown().await, ["Opera"]);
    let order = app.order(&ticket);
    app.deliver_created(&order).await;
    assert!(shown().await.is_empty(), "reserved");
    app.deliver_cancelled(&order).await;
    assert_eq!(shown().await, ["Opera"], "released");
    app.seller().delete(&address(&ticket)).await;
    assert!(shown().await.is_empty(), "withdrawn");
}

#[tokio::test]
async fn the_description_names_every_route() {
    let app = TestApp::start().await;
    let reply = app.anonymous().get("/api/tickets/openapi.json").await;
    assert_eq!(reply.status, 200);
    let methods = |path: &str| {
        let path = reply.json["paths"][path].as_object().expect("a path");
        path.keys().map(String::as_str).collect::<Vec<_>>()
    };
    assert_eq!(methods("/api/tickets"), ["get", "post"]);
    assert_eq!(methods("/api/tickets/events"), ["get"]);
    assert_eq!(methods("/api/tickets/mine"), ["get"]);
    assert_eq!(methods("/api/tickets/{id}"), ["delete", "get", "put"]);
}
