use std::time::Duration;

use serde_json::{Value, json};

use crate::app::{TICKETS, TestApp, address, items, offer_with};

/// The titles that a query finds, over all pages of this length.
async fn found_by(app: &TestApp, query: &str, limit: usize) -> Vec<String> {
    let (mut found, mut path) = (Vec::new(), format!("{TICKETS}?{query}&limit={limit}"));
    loop {
        let page = app.anonymous().get(&path).await;
        found.extend(items(&page, "title").into_iter().map(str::to_owned));
        let Some(next) = page.json["next"].as_str() else { return found };
        path = format!("{TICKETS}?{query}&limit={limit}&cursor={next}");
    }
}

async fn lists(app: &TestApp, title: &str, amount: i64, currency: &str, more: Value) -> Value {
    app.service.clock.advance(Duration::from_millis(1));
    let mut offer = offer_with("title", json!(title));
    offer["price"] = json!({ "amount": amount, "currency": currency });
    for (member, value) in more.as_object().into_iter().flatten() {
        offer[member] = value.clone();
    }
    app.listed(offer).await
}

/// A market of several kinds, listed in this order.
async fn market() -> TestApp {
    let app = TestApp::start().await;
    lists(&app, "Jazz in the Cellar", 2_500, "USD", json!({ "venue": "Blue Note" })).await;
    lists(&app, "Motörhead Revival", 9_000, "EUR", json!({ "startsAt": "2027-03-01T20:00:00Z" })).await;
    lists(&app, "Blue Man", 4_000, "USD", json!({ "startsAt": "2027-01-01T20:00:00Z" })).await;
    lists(&app, "Opera", 1_000, "EUR", json!({ "venue": "Große Straße 1" })).await;
    lists(&app, "Cello", 2_500, "USD", json!({ "startsAt": "2027-02-01T20:00:00Z" })).await;
    app
}

#[tokio::test]
async fn every_query_finds_what_it_says_in_its_order_whatever_the_length_of_a_page() {
    let app = market().await;
    let rows = [
        ("q=cel", vec!["Cello", "Jazz in the Cellar"]),
        ("q=blue", vec!["Blue Man", "Jazz in the Cellar"]),
        ("q=NOTE+ja", vec!["Jazz in the Cellar"]),
        ("q=motorhead", vec!["Motörhead Revival"]),
        ("q=grosse%20strasse", vec!["Opera"]),
        ("q=azz", vec![]),
        ("q=", vec!["Cello", "Opera", "Blue Man", "Motörhead Revival", "Jazz in the Cellar"]),
        ("sort=newest", vec!["Cello", "Opera", "Blue Man", "Motörhead Revival", "Jazz in the Cellar"]),
        ("sort=soonest", vec!["Blue Man", "Cello", "Motörhead Revival", "Jazz in the Cellar", "Opera"]),
        ("sort=price-asc", vec!["Opera", "Motörhead Revival", "Jazz in the Cellar", "Cello", "Blue Man"]),
        ("sort=price-desc", vec!["Blue Man", "Cello", "Jazz in the Cellar", "Motörhead Revival", "Opera"]),
        ("sort=price-desc&currency=EUR", vec!["Motörhead Revival", "Opera"]),
        ("currency=EUR", vec!["Opera", "Motörhead Revival"]),
        ("minPrice=2500", vec!["Cello", "Blue Man", "Jazz in the Cellar"]),
        ("minPrice=2501", vec!["Blue Man"]),
        ("maxPrice=2500", vec!["Cello", "Jazz in the Cellar"]),
        ("maxPrice=2499", vec![]),
        ("minPrice=2500&maxPrice=2500", vec!["Cello", "Jazz in the Cellar"]),
        ("maxPrice=9000&currency=EUR&sort=price-asc", vec!["Opera", "Motörhead Revival"]),
        ("maxPrice=8999&currency=EUR&sort=price-asc", vec!["Opera"]),
        ("minPrice=1001&currency=EUR&sort=price-desc", vec!["Motörhead Revival"]),
        ("minPrice=1&currency=JPY&sort=price-desc", vec![]),
        ("q=blue&sort=price-asc&maxPrice=5000", vec!["Jazz in the Cellar", "Blue Man"]),
        ("q=blue&sort=soonest", vec!["Blue Man", "Jazz in the Cellar"]),
        ("status=reserved&q=cel", vec![]),
    ];
    for (query, expected) in rows {
        for limit in [1, 2, 20] {
            assert_eq!(found_by(&app, query, limit).await, expected, "{query} by {limit}");
        }
    }
}

#[tokio::test]
async fn reserved_tickets_are_found_by_the_same_queries_and_sold_ones_by_none() {
    let app = market().await;
    let (_, order) = app.reserved().await;
    let query = "sort=price-asc&q=concert&maxPrice=2500&status=reserved";
    assert_eq!(found_by(&app, query, 20).await, ["Concert"]);
    assert!(found_by(&app, "q=concert&sort=soonest", 20).await.is_empty());
    app.deliver_completed(&order).await;
    for status in ["available", "reserved"] {
        for sort in ["newest", "price-asc", "price-desc", "soonest"] {
            let query = format!("q=concert&sort={sort}&status={status}");
            assert!(found_by(&app, &query, 20).await.is_empty(), "{query}");
        }
    }
}

#[tokio::test]
async fn an_edited_ticket_is_found_by_what_it_says_now() {
    let app = market().await;
    let ticket = lists(&app, "Before", 700, "USD", json!({})).await;
    let edited = json!({
        "title": "After", "price": { "amount": 300, "currency": "SEK" }, "startsAt": "2026-12-01T00:00:00Z"
    });
    assert_eq!(app.seller().put(&address(&ticket), edited).await.status, 200);
    assert!(found_by(&app, "q=before", 20).await.is_empty());
    assert!(found_by(&app, "maxPrice=700", 20).await.is_empty());
    assert_eq!(found_by(&app, "q=after&currency=SEK&minPrice=300", 20).await, ["After"]);
    assert_eq!(found_by(&app, "sort=soonest", 20).await[0], "After");
}

#[tokio::test]
async fn every_invalid_parameter_of_a_query_is_named() {
    let app = TestApp::start().await;
    let words = (0..17).map(|n| n.to_string()).collect::<Vec<_>>().join("+");
    for (query, fields) in [
        ("sort=oldest".to_owned(), vec!["sort"]),
        ("sort=".to_owned(), vec!["sort"]),
        ("minPrice=ten".to_owned(), vec!["minPrice"]),
        ("minPrice=".to_owned(), vec!["minPrice"]),
        ("minPrice=-1".to_owned(), vec!["minPrice"]),
        ("maxPrice=2.5".to_owned(), vec!["maxPrice"]),
        ("maxPrice=99999999999999999999".to_owned(), vec!["maxPrice"]),
        ("minPrice=2&maxPrice=1".to_owned(), vec!["minPrice"]),
        ("currency=XXX".to_owned(), vec!["currency"]),
        ("currency=usd&minPrice=5".to_owned(), vec!["currency"]),
        (format!("q={}", "x".repeat(201)), vec!["q"]),
        (format!("q={words}"), vec!["q"]),
        (
            "status=sold&sort=x&currency=x&minPrice=x&maxPrice=x".to_owned(),
            vec!["status", "sort", "currency", "minPrice", "maxPrice"],
        ),
    ] {
        let reply = app.anonymous().get(&format!("{TICKETS}?{query}")).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", fields), "{query}");
    }
}

#[tokio::test]
async fn a_cursor_belongs_to_exactly_its_query() {
    let app = market().await;
    let page = |query: &str| format!("{TICKETS}?limit=1&{query}");
    let query = "sort=price-asc&currency=USD&minPrice=1&q=c";
    let cursor = app.anonymous().get(&page(query)).await.json["next"].as_str().expect("more").to_owned();
    for same in [query.to_owned(), format!("{query}&unknown=1"), query.replace("q=c", "q=C++c")] {
        let reply = app.anonymous().get(&page(&format!("{same}&cursor={cursor}"))).await;
        assert_eq!(reply.status, 200, "{same}");
    }
    for other in [
        query.replace("asc", "desc"),
        query.replace("USD", "EUR"),
        query.replace("=1", "=2"),
        query.replace("q=c", "q=d"),
        format!("{query}&maxPrice=5"),
        format!("{query}&status=reserved"),
        String::new(),
    ] {
        let reply = app.anonymous().get(&page(&format!("{other}&cursor={cursor}"))).await;
        assert_eq!((reply.status, reply.code()), (400, "bad-cursor"), "{other}");
    }
}

#[tokio::test]
async fn found_pages_stay_stable_while_tickets_come_and_go_and_are_never_stale() {
    let app = market().await;
    let query = format!("{TICKETS}?sort=price-asc&currency=USD&limit=2");
    let first = app.anonymous().get(&query).await;
    assert_eq!(items(&first, "title"), ["Jazz in the Cellar", "Cello"]);
    app.seller().delete(&address(&first.json["items"][1])).await;
    lists(&app, "Cheap", 100, "USD", json!({})).await;
    lists(&app, "Dear", 5_000, "USD", json!({})).await;
    let cursor = first.json["next"].as_str().expect("more");
    let second = app.anonymous().get(&format!("{query}&cursor={cursor}")).await;
    assert_eq!((items(&second, "title"), &second.json["next"]), (vec!["Blue Man", "Dear"], &Value::Null));
    let again = app.anonymous().get(&query).await;
    assert_eq!(items(&again, "title"), ["Cheap", "Jazz in the Cellar"]);
    assert_ne!(again.header("etag"), first.header("etag"));
}
