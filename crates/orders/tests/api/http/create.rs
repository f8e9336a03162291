use axum::body::Body;
use axum::http::Request;
use common::event::{PaymentStatus, TicketSnapshot, TicketStatus};
use common::http::ReservedId;
use common::{Event, OrderId};
use futures::future::join_all;
use runtime::testing::{Person, Reply};
use serde_json::{Value, json};

use crate::app::{TestApp, wants};
use crate::samples::{HOLD, then, usd};

#[tokio::test]
async fn an_order_holds_the_ticket_for_its_buyer() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let reply = app.place(&app.buyer, &ticket).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.json["id"].as_str().expect("an id");
    assert_eq!(reply.header("location"), format!("/api/orders/{id}"));
    assert_eq!(reply.header("etag"), "\"1\"");
    let now = "2026-11-22T10:00:00.000Z";
    let expected = json!({
        "id": id,
        "userId": app.buyer.id,
        "ticket": {
            "id": ticket.id,
            "title": "A concert",
            "price": {"amount": 2500, "currency": "USD"},
            "sellerId": ticket.seller_id,
        },
        "status": "created",
        "expiresAt": "2026-11-22T10:05:00.000Z",
        "version": 1,
        "createdAt": now,
        "updatedAt": now,
    });
    assert_eq!(reply.json, expected);
    let published = app.published().await;
    let [Event::OrderCreated(order)] = &published[..] else { panic!("{published:?}") };
    assert_eq!(order.expires_at, app.service.context.clock.now().after(HOLD));
    assert_eq!(serde_json::to_value(order).expect("JSON"), expected);
}

#[tokio::test]
async fn an_order_needs_a_session() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let reply = app.service.anonymous().post("/api/orders", wants(&ticket)).await;
    assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
    // The session is checked before the body.
    let reply = app.service.anonymous().post("/api/orders", json!({})).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn every_invalid_field_of_a_body_is_named() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let with = |field: &str, value: Value| {
        let mut body = wants(&ticket);
        body[field] = value;
        body
    };
    let rows: [(Value, &[&str]); 11] = [
        (json!({}), &["ticketId", "price"]),
        (json!({"ticketId": null, "price": null}), &["ticketId", "price"]),
        (with("ticketId", json!("7")), &["ticketId"]),
        (with("ticketId", json!(7)), &["ticketId"]),
        (with("ticketId", json!({"$gt": ""})), &["ticketId"]),
        (with("price", json!({})), &["price.amount", "price.currency"]),
        (with("price", json!({"amount": 25.5, "currency": "USD"})), &["price.amount"]),
        (with("price", json!({"amount": 0, "currency": "USD"})), &["price.amount"]),
        (with("price", json!({"amount": 100_000_000, "currency": "USD"})), &["price.amount"]),
        (with("price", json!({"amount": 2500, "currency": "XXX"})), &["price.currency"]),
        (with("userId", json!(app.stranger.id)), &["userId"]),
    ];
    for (body, fields) in rows {
        let reply = app.service.by(&app.buyer).post("/api/orders", body.clone()).await;
        assert_eq!((reply.status, reply.fields()), (400, fields.to_vec()), "{body}");
    }
}

#[tokio::test]
async fn an_unknown_ticket_is_waited_for_a_moment() {
    let app = TestApp::start().await;
    let ticket = app.unknown_ticket();
    let created = app.deliver_ticket(Event::TicketCreated, &ticket);
    let (reply, ()) = tokio::join!(app.place(&app.buyer, &ticket), created);
    assert_eq!(reply.status, 201, "{reply:?}");
    let reply = app.place(&app.buyer, &app.unknown_ticket()).await;
    assert_eq!((reply.status, reply.code()), (404, "not-found"));
}

#[tokio::test]
async fn a_price_that_was_just_changed_is_waited_for_a_moment() {
    let app = TestApp::start().await;
    let first = app.ticket().await;
    let cheaper = TicketSnapshot { price: usd(2000), version: 2, ..first.clone() };
    let updated = app.deliver_ticket(Event::TicketUpdated, &cheaper);
    let (reply, ()) = tokio::join!(app.place(&app.buyer, &cheaper), updated);
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(reply.json["ticket"]["price"]["amount"], 2000);

    let other = app.ticket().await;
    let stale = TicketSnapshot { price: usd(2400), ..other };
    let reply = app.place(&app.buyer, &stale).await;
    assert_eq!((reply.status, reply.code()), (409, "price-changed"));
}

#[tokio::test]
async fn what_is_not_for_sale_cannot_be_ordered() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let own = app.place(&app.seller, &ticket).await;
    assert_eq!((own.status, own.code()), (409, "own-ticket"));
    for (status, event, code) in [
        (TicketStatus::Sold, Event::TicketSold as fn(_) -> _, "ticket-sold"),
        (TicketStatus::Withdrawn, Event::TicketWithdrawn, "ticket-withdrawn"),
    ] {
        let gone = then(&app.ticket().await, status, None);
        app.deliver_ticket(event, &gone).await;
        // Even at another price: permanent refusals come first.
        let stale = TicketSnapshot { price: usd(1), ..gone };
        let reply = app.place(&app.buyer, &stale).await;
        assert_eq!((reply.status, reply.code()), (409, code));
    }
    assert_eq!(app.published().await, []);
}

#[tokio::test]
async fn an_ordered_ticket_is_reserved_whether_or_not_its_lock_is_known() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let order = app.ordered(&ticket).await;
    for lock_is_known in [false, true] {
        if lock_is_known {
            app.reserve(&ticket, order).await;
        }
        let other = app.place(&app.stranger, &ticket).await;
        assert_eq!((other.status, other.code()), (409, "ticket-reserved"), "{lock_is_known}");
        let own = app.place(&app.buyer, &ticket).await;
        assert_eq!((own.status, own.code()), (409, "ticket-reserved"), "{lock_is_known}");
        assert!(own.json["detail"].as_str().expect("a sentence").starts_with("You have ordered"), "{own:?}");
    }
}

#[tokio::test]
async fn a_ticket_of_a_complete_order_is_sold_though_the_replica_does_not_know() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    app.paid(&ticket, PaymentStatus::Captured).await;
    for person in [&app.buyer, &app.stranger] {
        let reply = app.place(person, &ticket).await;
        assert_eq!((reply.status, reply.code()), (409, "ticket-sold"));
    }
}

#[tokio::test]
async fn a_ticket_of_a_cancelled_order_can_be_ordered_again_at_once() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let order = app.ordered(&ticket).await;
    app.reserve(&ticket, order).await;
    let cancelled = app.service.by(&app.buyer).delete(&format!("/api/orders/{order}")).await;
    assert_eq!(cancelled.status, 204);
    // tickets has not released it yet.
    let reply = app.place(&app.stranger, &ticket).await;
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_simultaneous_buyers_one_gets_the_ticket() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let people: Vec<Person> = (0..100).map(|n| app.service.person(&format!("buyer{n}"))).collect();
    let replies: Vec<Reply> = join_all(people.iter().map(|person| app.place(person, &ticket))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 99));
    for reply in lost {
        assert_eq!((reply.status, reply.code()), (409, "ticket-reserved"));
    }
    assert_eq!(app.published().await.len(), 1);
}

/// A retry after a crash before the reply was stored: the id was reserved for the request's idempotency key.
async fn repeated(app: &TestApp, person: &Person, ticket: &TicketSnapshot, id: OrderId) -> Reply {
    let request = Request::post("/api/orders")
        .header("content-type", "application/json")
        .extension(ReservedId(id.into()))
        .body(Body::from(wants(ticket).to_string()));
    app.service.by(person).send(request.expect("a request")).await
}

#[tokio::test]
async fn a_repetition_after_a_crash_finds_the_order_whatever_has_become_of_it() {
    let app = TestApp::start().await;
    let ticket = app.ticket().await;
    let order: OrderId = app.service.context.ids.next();
    let first = repeated(&app, &app.buyer, &ticket, order).await;
    assert_eq!((first.status, first.json["id"].as_str()), (201, Some(order.to_string().as_str())));

    let again = repeated(&app, &app.buyer, &ticket, order).await;
    assert_eq!((again.status, &again.json), (201, &first.json));

    app.reserve(&ticket, order).await;
    let again = repeated(&app, &app.buyer, &ticket, order).await;
    assert_eq!((again.status, again.json["status"].as_str()), (201, Some("awaiting-payment")));

    app.service.by(&app.buyer).delete(&format!("/api/orders/{order}")).await;
    let again = repeated(&app, &app.buyer, &ticket, order).await;
    assert_eq!((again.status, again.json["status"].as_str()), (201, Some("cancelled")));
    assert_eq!(again.json["cancelReason"], "by-buyer");
}
