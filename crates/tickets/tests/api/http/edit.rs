use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::app::{TICKETS, TestApp, address, offer, offer_with};

fn at_price(amount: i64) -> Value {
    offer_with("price", json!({ "amount": amount, "currency": "USD" }))
}

#[tokio::test]
async fn a_seller_changes_the_whole_offer() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer_with("venue", json!("Hall"))).await;
    app.service.clock.advance(Duration::from_mins(1));
    let reply = app.seller().put(&address(&ticket), at_price(3_000)).await;
    assert_eq!((reply.status, reply.header("etag")), (200, "\"2\""));
    assert_eq!(reply.header("cache-control"), "private, no-store");
    assert_eq!(reply.json["price"]["amount"], 3_000);
    assert_eq!(reply.json.get("venue"), None, "an absent optional is removed");
    assert_eq!(reply.json["createdAt"], ticket["createdAt"]);
    assert_eq!(reply.json["updatedAt"], "2026-11-22T10:01:00.000Z");
    assert_eq!(app.ticket(&ticket).await, reply.json);
    assert_eq!(app.subjects().await, ["ticket.created", "ticket.updated"]);
}

#[tokio::test]
async fn an_edit_that_changes_nothing_is_no_new_version() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let reply = app.seller().put(&address(&ticket), offer_with("title", json!(" Concert "))).await;
    assert_eq!((reply.status, &reply.json), (200, &ticket));
    assert_eq!(app.subjects().await, ["ticket.created"]);
}

#[tokio::test]
async fn only_the_seller_may_edit() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let reply = app.anonymous().put(&address(&ticket), json!({})).await;
    assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
    let reply = app.service.by(&app.buyer).put(&address(&ticket), at_price(100)).await;
    assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    assert_eq!(app.ticket(&ticket).await, ticket);
}

#[tokio::test]
async fn a_reserved_ticket_keeps_its_price() {
    let app = TestApp::start().await;
    let (ticket, _) = app.reserved().await;
    for body in [at_price(9_900), offer()] {
        let reply = app.seller().put(&address(&ticket), body).await;
        assert_eq!((reply.status, reply.code()), (409, "ticket-reserved"));
    }
    let now = app.ticket(&ticket).await;
    assert_eq!((&now["price"]["amount"], &now["version"]), (&json!(2_500), &json!(2)));
}

#[tokio::test]
async fn a_sold_or_withdrawn_ticket_cannot_be_edited() {
    let app = TestApp::start().await;
    for (ticket, code) in [(app.sold().await.0, "ticket-sold"), (app.withdrawn().await, "ticket-withdrawn")] {
        let reply = app.seller().put(&address(&ticket), at_price(3_000)).await;
        assert_eq!((reply.status, reply.code()), (409, code));
    }
}

#[tokio::test]
async fn of_several_errors_the_first_one_is_reported() {
    let app = TestApp::start().await;
    let (ticket, _) = app.reserved().await;
    let unknown = format!("{TICKETS}/0192f0c0-7c1e-7e3a-8000-1234567890ab");
    let (seller, buyer) = (app.seller(), app.service.by(&app.buyer));
    let late = offer_with("startsAt", json!("2020-01-01T00:00:00Z"));
    let reserved = address(&ticket);
    let rows = [
        (&seller, &unknown, json!({}), 400),
        (&seller, &unknown, late.clone(), 400),
        (&seller, &unknown, offer(), 404),
        (&buyer, &reserved, late, 400),
        (&buyer, &reserved, offer(), 403),
        (&seller, &reserved, offer(), 412),
    ];
    for (caller, path, body, status) in rows {
        let reply = caller.clone().header("if-match", "\"1\"").put(path, body.clone()).await;
        assert_eq!(reply.status, status, "{body} to {path}");
    }
    let reply = seller.clone().header("if-match", "\"2\"").put(&reserved, offer()).await;
    assert_eq!(reply.status, 409);
    assert_eq!(seller.put(&format!("{TICKETS}/nonsense"), offer()).await.status, 404);
}

#[tokio::test]
async fn an_edit_of_an_older_version_is_refused() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let caller = app.seller().header("if-match", "\"1\"");
    assert_eq!(caller.put(&address(&ticket), at_price(3_000)).await.status, 200);
    let reply = caller.put(&address(&ticket), at_price(4_000)).await;
    assert_eq!((reply.status, reply.code()), (412, "version-changed"));
    assert_eq!(app.ticket(&ticket).await["price"]["amount"], 3_000);
}

#[tokio::test]
async fn simultaneous_edits_without_a_condition_all_succeed() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let (seller, path) = (app.seller(), address(&ticket));
    let replies = join_all((0..20).map(|n| seller.put(&path, at_price(3_000 + n)))).await;
    let mut versions: Vec<_> =
        replies.iter().map(|reply| (reply.status, reply.json["version"].as_u64())).collect();
    versions.sort_unstable();
    assert_eq!(versions, (2..=21).map(|version| (200, Some(version))).collect::<Vec<_>>());
}

#[tokio::test]
async fn of_simultaneous_edits_of_one_version_one_succeeds() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let (seller, path) = (app.seller().header("if-match", "\"1\""), address(&ticket));
    let replies = join_all((0..20).map(|n| seller.put(&path, at_price(3_000 + n)))).await;
    let mut statuses: Vec<_> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[412; 19][..]));
}

#[tokio::test]
async fn a_start_that_has_passed_may_stay_but_not_come() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer_with("startsAt", json!("2026-11-22T10:05:00Z"))).await;
    app.service.clock.advance(Duration::from_mins(10));
    let edit = |starts_at: &str| {
        let mut body = offer_with("startsAt", json!(starts_at));
        body["title"] = json!(format!("Concert {starts_at}"));
        let (caller, path) = (app.seller(), address(&ticket));
        async move { caller.put(&path, body).await }
    };
    let reply = edit("2026-11-22T10:06:00Z").await;
    assert_eq!((reply.status, reply.fields()), (400, vec!["startsAt"]));
    assert_eq!(edit("2026-11-22T11:05:00+01:00").await.status, 200);
}

#[tokio::test]
async fn all_errors_are_reported_together() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let body = json!({ "title": "", "startsAt": "2020-01-01T00:00:00Z" });
    let reply = app.seller().put(&address(&ticket), body).await;
    let mut fields = reply.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["price", "startsAt", "title"]);
}
