use axum::body::Body;
use axum::http::Request;
use common::event::{PaymentStatus, TicketSnapshot, TicketStatus};
use common::http::ReservedId;
use common::{Event, OrderId};
use futures::future::join_all;
use runtime::testing::{Person, Reply};
use serde_json::{Value, json};

use super::market::{Market, wants};
use crate::samples::{HOLD, then, usd};

#[tokio::test]
async fn an_order_holds_the_ticket_for_its_buyer() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let reply = market.order_of(&market.buyer, &ticket).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let id = reply.json["id"].as_str().expect("an id");
    assert_eq!(reply.header("location"), format!("/api/orders/{id}"));
    assert_eq!(reply.header("etag"), "\"1\"");
    let now = "2026-11-22T10:00:00.000Z";
    let expected = json!({
        "id": id,
        "userId": market.buyer.id,
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
    let announced = market.service.announced().await;
    let [Event::OrderCreated(told)] =
        &announced.iter().map(|event| event.event.clone()).collect::<Vec<_>>()[..]
    else {
        panic!("{announced:?}")
    };
    assert_eq!(told.expires_at, market.service.context.clock.now().after(HOLD));
    assert_eq!(serde_json::to_value(told).expect("JSON"), expected);
}

#[tokio::test]
async fn nobody_orders_without_signing_in() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let reply = market.service.anonymous().post("/api/orders", wants(&ticket)).await;
    assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
    // Whoever is not signed in learns nothing about the faults of a body.
    let reply = market.service.anonymous().post("/api/orders", json!({})).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn every_fault_of_a_body_is_named() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
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
        (with("userId", json!(market.stranger.id)), &["userId"]),
    ];
    for (body, fields) in rows {
        let reply = market.service.by(&market.buyer).post("/api/orders", body.clone()).await;
        assert_eq!((reply.status, reply.fields()), (400, fields.to_vec()), "{body}");
    }
}

#[tokio::test]
async fn an_unknown_ticket_is_waited_for_a_moment() {
    let market = Market::open().await;
    let ticket = market.unheard_ticket();
    let news = Event::TicketCreated(ticket.clone());
    let (reply, ()) =
        tokio::join!(market.order_of(&market.buyer, &ticket), market.hear_ticket(news, &ticket));
    assert_eq!(reply.status, 201, "{reply:?}");
    let reply = market.order_of(&market.buyer, &market.unheard_ticket()).await;
    assert_eq!((reply.status, reply.code()), (404, "not-found"));
}

#[tokio::test]
async fn a_price_that_was_just_changed_is_waited_for_a_moment() {
    let market = Market::open().await;
    let first = market.ticket().await;
    let cheaper = TicketSnapshot { price: usd(2000), version: 2, ..first.clone() };
    let news = Event::TicketUpdated(cheaper.clone());
    let (reply, ()) =
        tokio::join!(market.order_of(&market.buyer, &cheaper), market.hear_ticket(news, &cheaper));
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(reply.json["ticket"]["price"]["amount"], 2000);

    let other = market.ticket().await;
    let stale = TicketSnapshot { price: usd(2400), ..other };
    let reply = market.order_of(&market.buyer, &stale).await;
    assert_eq!((reply.status, reply.code()), (409, "price-changed"));
}

#[tokio::test]
async fn what_is_not_for_sale_cannot_be_ordered() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let own = market.order_of(&market.seller, &ticket).await;
    assert_eq!((own.status, own.code()), (409, "own-ticket"));
    for (status, event, code) in [
        (TicketStatus::Sold, Event::TicketSold as fn(_) -> _, "ticket-sold"),
        (TicketStatus::Withdrawn, Event::TicketWithdrawn, "ticket-withdrawn"),
    ] {
        let gone = then(&market.ticket().await, status, None);
        market.hear_ticket(event(gone.clone()), &gone).await;
        // Even at another price: what cannot be changed is said first.
        let stale = TicketSnapshot { price: usd(1), ..gone };
        let reply = market.order_of(&market.buyer, &stale).await;
        assert_eq!((reply.status, reply.code()), (409, code));
    }
    assert_eq!(market.service.announced().await, []);
}

#[tokio::test]
async fn an_ordered_ticket_is_reserved_whether_or_not_its_lock_is_known() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let order = market.ordered(&ticket).await;
    let reserved = then(&ticket, TicketStatus::Reserved, Some(order));
    for lock_is_known in [false, true] {
        if lock_is_known {
            market.hear_ticket(Event::TicketReserved(reserved.clone()), &reserved).await;
        }
        let other = market.order_of(&market.stranger, &ticket).await;
        assert_eq!((other.status, other.code()), (409, "ticket-reserved"), "{lock_is_known}");
        let own = market.order_of(&market.buyer, &ticket).await;
        assert_eq!((own.status, own.code()), (409, "ticket-reserved"), "{lock_is_known}");
        assert!(own.json["detail"].as_str().expect("a sentence").starts_with("You have ordered"), "{own:?}");
    }
}

#[tokio::test]
async fn a_ticket_of_a_complete_order_is_sold_though_the_replica_does_not_know() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    market.brought_to(&ticket, PaymentStatus::Captured).await;
    for person in [&market.buyer, &market.stranger] {
        let reply = market.order_of(person, &ticket).await;
        assert_eq!((reply.status, reply.code()), (409, "ticket-sold"));
    }
}

#[tokio::test]
async fn a_ticket_of_a_cancelled_order_can_be_ordered_again_at_once() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let order = market.ordered(&ticket).await;
    let reserved = then(&ticket, TicketStatus::Reserved, Some(order));
    market.hear_ticket(Event::TicketReserved(reserved.clone()), &reserved).await;
    let cancelled = market.service.by(&market.buyer).delete(&format!("/api/orders/{order}")).await;
    assert_eq!(cancelled.status, 204);
    // tickets has not released it yet.
    let reply = market.order_of(&market.stranger, &ticket).await;
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_hundred_simultaneous_buyers_one_gets_the_ticket() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let people: Vec<Person> = (0..100).map(|n| market.service.person(&format!("buyer{n}"))).collect();
    let replies: Vec<Reply> = join_all(people.iter().map(|person| market.order_of(person, &ticket))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((won.len(), lost.len()), (1, 99));
    for reply in lost {
        assert_eq!((reply.status, reply.code()), (409, "ticket-reserved"));
    }
    assert_eq!(market.service.announced().await.len(), 1);
}

/// As if the first try had died before its reply was remembered: the id was set aside for the request's key.
async fn repeated(market: &Market, person: &Person, ticket: &TicketSnapshot, id: OrderId) -> Reply {
    let request = Request::post("/api/orders")
        .header("content-type", "application/json")
        .extension(ReservedId(id.into()))
        .body(Body::from(wants(ticket).to_string()));
    market.service.by(person).send(request.expect("a request")).await
}

#[tokio::test]
async fn a_repetition_after_a_crash_finds_the_order_whatever_has_become_of_it() {
    let market = Market::open().await;
    let ticket = market.ticket().await;
    let order: OrderId = market.service.context.ids.next();
    let first = repeated(&market, &market.buyer, &ticket, order).await;
    assert_eq!((first.status, first.json["id"].as_str()), (201, Some(order.to_string().as_str())));

    let again = repeated(&market, &market.buyer, &ticket, order).await;
    assert_eq!((again.status, &again.json), (201, &first.json));

    let reserved = then(&ticket, TicketStatus::Reserved, Some(order));
    market.hear_ticket(Event::TicketReserved(reserved.clone()), &reserved).await;
    let again = repeated(&market, &market.buyer, &ticket, order).await;
    assert_eq!((again.status, again.json["status"].as_str()), (201, Some("awaiting-payment")));

    market.service.by(&market.buyer).delete(&format!("/api/orders/{order}")).await;
    let again = repeated(&market, &market.buyer, &ticket, order).await;
    assert_eq!((again.status, again.json["status"].as_str()), (201, Some("cancelled")));
    assert_eq!(again.json["cancelReason"], "by-buyer");
}
