use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{TICKETS, World, address, items, offer, offer_with};

async fn lists(world: &World, title: impl ToString) -> Value {
    world.service.clock.advance(Duration::from_millis(1));
    world.listed(offer_with("title", json!(title.to_string()))).await
}

#[tokio::test]
async fn an_empty_market_is_an_empty_list() {
    let world = World::start().await;
    let reply = world.anybody().get(TICKETS).await;
    assert_eq!((reply.status, reply.json.clone()), (200, json!({ "items": [], "next": null })));
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "public, no-cache");
}

#[tokio::test]
async fn available_tickets_are_listed_newest_first_and_reserved_ones_on_request() {
    let world = World::start().await;
    lists(&world, "old").await;
    let (reserved, _) = world.reserved().await;
    world.sold().await;
    world.withdrawn().await;
    let new = lists(&world, "new").await;
    for path in [TICKETS, "/api/tickets?status=available&unknown=1"] {
        let reply = world.anybody().get(path).await;
        assert_eq!(items(&reply, "title"), ["new", "old"]);
        assert_eq!(reply.json["items"][0], new, "an item looks like the ticket");
    }
    let reply = world.anybody().get("/api/tickets?status=reserved").await;
    assert_eq!(items(&reply, "id"), [reserved["id"].as_str().expect("an id")]);
    assert!(!String::from_utf8_lossy(&reply.body).contains("orderId"));
}

#[tokio::test]
async fn what_no_list_has_is_refused() {
    let world = World::start().await;
    for (query, code, fields) in [
        ("status=sold", "not-valid", vec!["status"]),
        ("status=", "not-valid", vec!["status"]),
        ("limit=0", "not-valid", vec!["limit"]),
        ("limit=101", "not-valid", vec!["limit"]),
        ("limit=ten", "not-valid", vec!["limit"]),
        ("cursor=garbage", "bad-cursor", vec![]),
        ("cursor=", "bad-cursor", vec![]),
    ] {
        let reply = world.anybody().get(&format!("{TICKETS}?{query}")).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, code, fields), "{query}");
    }
}

#[tokio::test]
async fn pages_stay_stable_while_tickets_are_listed() {
    let world = World::start().await;
    for n in 0..25 {
        lists(&world, n).await;
    }
    let first = world.anybody().get(TICKETS).await;
    assert_eq!(items(&first, "title").len(), 20, "the default");
    lists(&world, "in between").await;
    let cursor = first.json["next"].as_str().expect("more");
    let second = world.anybody().get(&format!("{TICKETS}?cursor={cursor}")).await;
    let mut seen = items(&first, "title");
    seen.extend(items(&second, "title"));
    let expected: Vec<_> = (0..25).rev().map(|n| n.to_string()).collect();
    assert_eq!(seen, expected);
    assert_eq!(second.json["next"], Value::Null);
    let elsewhere = world.anybody().get(&format!("{TICKETS}?status=reserved&cursor={cursor}")).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (400, "bad-cursor"));
}

#[tokio::test]
async fn tickets_of_the_same_millisecond_are_neither_lost_nor_doubled_between_pages() {
    let world = World::start().await;
    let mut expected = Vec::new();
    for _ in 0..7 {
        expected.push(world.listed(offer()).await["id"].as_str().expect("an id").to_owned());
    }
    let (mut seen, mut path) = (Vec::new(), format!("{TICKETS}?limit=2"));
    loop {
        let page = world.anybody().get(&path).await;
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
    let world = World::start().await;
    lists(&world, "one").await;
    let first = world.anybody().get(TICKETS).await;
    let tag = first.header("etag");
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "strong: {tag}");
    assert_eq!(world.anybody().get(TICKETS).await.header("etag"), tag);
    let reply = world.anybody().header("if-none-match", tag).get(TICKETS).await;
    assert_eq!((reply.status, reply.body.len(), reply.header("etag")), (304, 0, tag));
    lists(&world, "two").await;
    let reply = world.anybody().header("if-none-match", tag).get(TICKETS).await;
    assert_eq!(reply.status, 200);
    assert_ne!(reply.header("etag"), tag);
}

#[tokio::test]
async fn a_list_that_was_just_read_shows_every_change_at_once() {
    let world = World::start().await;
    let shown = async || {
        let reply = world.anybody().get(TICKETS).await;
        items(&reply, "title").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(shown().await.is_empty());
    let ticket = world.listed(offer()).await;
    assert_eq!(shown().await, ["Concert"]);
    world.seller().put(&address(&ticket), offer_with("title", json!("Opera"))).await;
    assert_eq!(shown().await, ["Opera"]);
    let order = world.order(&ticket);
    world.hears_created(&order).await;
    assert!(shown().await.is_empty(), "reserved");
    world.hears_cancelled(&order).await;
    assert_eq!(shown().await, ["Opera"], "released");
    world.seller().delete(&address(&ticket)).await;
    assert!(shown().await.is_empty(), "withdrawn");
}

#[tokio::test]
async fn the_description_names_every_route() {
    let world = World::start().await;
    let reply = world.anybody().get("/api/tickets/openapi.json").await;
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
