use common::Event;
use serde_json::{Value, json};

use crate::app::{TICKETS, TestApp, address, offer, offer_with};

#[tokio::test]
async fn a_listed_ticket_is_available_and_published() {
    let app = TestApp::start().await;
    let reply = app.seller().post(TICKETS, offer()).await;
    assert_eq!(reply.status, 201);
    assert_eq!(reply.header("location"), address(&reply.json));
    assert_eq!((reply.header("etag"), reply.header("cache-control")), ("\"1\"", "private, no-store"));
    let expected = json!({
        "id": reply.json["id"],
        "title": "Concert",
        "price": { "amount": 2_500, "currency": "USD" },
        "sellerId": app.seller.id,
        "status": "available",
        "version": 1,
        "createdAt": "2026-11-22T10:00:00.000Z",
        "updatedAt": "2026-11-22T10:00:00.000Z",
    });
    assert_eq!(reply.json, expected);
    assert_eq!(app.ticket(&reply.json).await, expected);
    assert_eq!(app.subjects().await, ["ticket.created"]);
}

#[tokio::test]
async fn every_member_is_kept_in_its_normal_form() {
    let app = TestApp::start().await;
    let mut wanted = offer();
    wanted["title"] = json!("  <script>alert('Cafe\u{301}')</script> ");
    wanted["venue"] = json!(" Hall & \"Garden\" ");
    wanted["startsAt"] = json!("2026-12-24T20:00:00+01:00");
    wanted["description"] = json!(" Row 1\r\n\tSeat 2 ");
    let ticket = app.listed(wanted).await;
    assert_eq!(ticket["title"], "<script>alert('Café')</script>");
    assert_eq!(ticket["venue"], "Hall & \"Garden\"");
    assert_eq!(ticket["startsAt"], "2026-12-24T19:00:00.000Z");
    assert_eq!(ticket["description"], "Row 1\n\tSeat 2");
    assert_eq!(app.ticket(&ticket).await, ticket);
}

#[tokio::test]
async fn an_event_carries_the_ticket_without_its_description() {
    let app = TestApp::start().await;
    let mut wanted = offer();
    wanted["description"] = json!("Row 1");
    app.listed(wanted).await;
    let events = app.service.published().await;
    let Event::TicketCreated(ticket) = &events[0].event else { panic!("the ticket was listed") };
    assert_eq!((ticket.description.as_deref(), events.len()), (None, 1));
}

#[tokio::test]
async fn absent_null_and_blank_optionals_are_the_same() {
    let app = TestApp::start().await;
    let mut wanted = offer();
    (wanted["venue"], wanted["startsAt"], wanted["description"]) = (json!("  "), Value::Null, json!("\n"));
    let ticket = app.listed(wanted).await;
    for member in ["venue", "startsAt", "description"] {
        assert_eq!(ticket.get(member), None, "{member}");
    }
}

#[tokio::test]
async fn listing_needs_a_session() {
    let app = TestApp::start().await;
    for body in [offer(), json!({})] {
        let reply = app.anonymous().post(TICKETS, body).await;
        assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
    }
    assert!(app.subjects().await.is_empty());
}

#[tokio::test]
async fn a_body_that_breaks_a_rule_is_refused_by_the_field() {
    let app = TestApp::start().await;
    let price = |amount: i64, currency: &str| json!({ "amount": amount, "currency": currency });
    let rows = [
        ("title", json!(""), "title"),
        ("title", json!("   "), "title"),
        ("title", json!("t".repeat(201)), "title"),
        ("title", json!("a\u{0}b"), "title"),
        ("title", json!("\u{200b}\u{2060}"), "title"),
        ("title", json!("\u{202e}exe.tekcit"), "title"),
        ("title", json!("a\u{2028}b"), "title"),
        ("venue", json!("a\u{2066}b"), "venue"),
        ("title", json!("a\nb"), "title"),
        ("title", json!(7), "title"),
        ("title", json!({ "$gt": "" }), "title"),
        ("venue", json!("v".repeat(201)), "venue"),
        ("venue", json!("a\tb"), "venue"),
        ("description", json!("d".repeat(5_001)), "description"),
        ("description", json!("a\u{7}"), "description"),
        ("description", json!("a\u{2029}b"), "description"),
        ("startsAt", json!("tomorrow"), "startsAt"),
        ("startsAt", json!(""), "startsAt"),
        ("startsAt", json!("2026-12-24"), "startsAt"),
        ("startsAt", json!(1_800_000_000), "startsAt"),
        ("startsAt", json!("2026-11-22T10:00:00Z"), "startsAt"),
        ("price", Value::Null, "price"),
        ("price", price(49, "USD"), "price.amount"),
        ("price", price(29, "GBP"), "price.amount"),
        ("price", price(299, "SEK"), "price.amount"),
        ("price", price(0, "JPY"), "price.amount"),
        ("price", price(-2_500, "EUR"), "price.amount"),
        ("price", price(100_000_000, "USD"), "price.amount"),
        ("price", json!({ "amount": 25.5, "currency": "USD" }), "price.amount"),
        ("price", json!({ "amount": "2500", "currency": "USD" }), "price.amount"),
        ("price", price(2_500, "usd"), "price.currency"),
        ("price", price(2_500, "XXX"), "price.currency"),
        ("status", json!("sold"), "status"),
        ("sellerId", json!("somebody"), "sellerId"),
    ];
    for (member, value, field) in rows {
        let reply = app.seller().post(TICKETS, offer_with(member, value.clone())).await;
        assert_eq!((reply.status, reply.code()), (400, "not-valid"), "{member}: {value}");
        assert_eq!(reply.fields(), [field], "{member}: {value}");
    }
    assert!(app.subjects().await.is_empty());
}

#[tokio::test]
async fn all_errors_are_reported_together() {
    let app = TestApp::start().await;
    let body = json!({ "venue": "\u{1}", "startsAt": "2020-01-01T00:00:00Z", "price": { "amount": 1, "currency": "USD" } });
    let reply = app.seller().post(TICKETS, body).await;
    let mut fields = reply.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["price.amount", "startsAt", "title", "venue"]);
}

#[tokio::test]
async fn the_bounds_themselves_are_allowed() {
    let app = TestApp::start().await;
    let rows = [
        ("title", json!("🎫".repeat(200))),
        ("venue", json!("v".repeat(200))),
        ("description", json!("d".repeat(5_000))),
        ("startsAt", json!("2026-11-22T10:00:00.001Z")),
        ("price", json!({ "amount": 30, "currency": "GBP" })),
        ("price", json!({ "amount": 50, "currency": "JPY" })),
        ("price", json!({ "amount": 99_999_999, "currency": "CHF" })),
    ];
    for (member, value) in rows {
        assert_eq!(app.listed(offer_with(member, value.clone())).await[member], value, "{member}");
    }
}

#[tokio::test]
async fn the_same_idempotency_key_lists_one_ticket() {
    let app = TestApp::start().await;
    let caller = app.seller().header("idempotency-key", "k1");
    let first = caller.post(TICKETS, offer()).await;
    let again = caller.post(TICKETS, offer()).await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json, again.json);
    assert_eq!(app.subjects().await, ["ticket.created"]);
}
