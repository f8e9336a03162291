use serde_json::{Value, json};

use crate::app::{TICKETS, TestApp, address, items, offer, offer_with};

#[tokio::test]
async fn a_ticket_of_every_status_is_public_and_its_order_is_not() {
    let app = TestApp::start().await;
    let rows = [
        (app.listed(offer()).await, "available", 1),
        (app.reserved().await.0, "reserved", 2),
        (app.sold().await.0, "sold", 3),
        (app.withdrawn().await, "withdrawn", 2),
    ];
    for (ticket, status, version) in rows {
        for caller in [app.anonymous(), app.seller(), app.service.by(&app.buyer)] {
            let reply = caller.get(&address(&ticket)).await;
            assert_eq!((reply.status, reply.header("cache-control")), (200, "public, no-cache"), "{status}");
            assert_eq!(reply.header("etag"), format!("\"{version}\""), "{status}");
            assert_eq!((&reply.json["status"], &reply.json["version"]), (&status.into(), &version.into()));
            assert_eq!(reply.json.get("reservedUntil").is_some(), status == "reserved");
            let body = String::from_utf8(reply.body).expect("text");
            let buyer = app.buyer.id.to_string();
            assert!(!body.contains("orderId") && !body.contains(&buyer), "{body}");
        }
    }
}

#[tokio::test]
async fn an_unchanged_ticket_is_not_sent_again() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let reply = app.anonymous().header("if-none-match", "\"1\"").get(&address(&ticket)).await;
    assert_eq!((reply.status, reply.body.len()), (304, 0));
    let reply = app.anonymous().header("if-none-match", "\"2\"").get(&address(&ticket)).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn an_unknown_or_malformed_id_is_not_found() {
    let app = TestApp::start().await;
    for id in ["0192f0c0-7c1e-7e3a-8000-1234567890ab", "0192f0c07c1e7e3a80001234567890ab", "7", "%00", "new"]
    {
        let reply = app.anonymous().get(&format!("{TICKETS}/{id}")).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{id}");
    }
}

const MINE: &str = "/api/tickets/mine";

#[tokio::test]
async fn own_tickets_need_a_session() {
    let app = TestApp::start().await;
    for path in [MINE, "/api/tickets/mine?role=nonsense"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
    }
}

#[tokio::test]
async fn users_see_their_roles_in_tickets_and_the_orders() {
    let app = TestApp::start().await;
    let available = app.listed(offer()).await;
    let (reserved, holding) = app.reserved().await;
    let (sold, bought) = app.sold().await;
    let withdrawn = app.withdrawn().await;
    let stranger = app.service.person("stranger");
    let ids = |tickets: &[&Value]| {
        let mut ids: Vec<_> =
            tickets.iter().map(|ticket| ticket["id"].as_str().expect("an id").to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    let rows = [
        (&app.seller, "selling", ids(&[&withdrawn, &sold, &reserved, &available])),
        (&app.seller, "holding", vec![]),
        (&app.seller, "bought", vec![]),
        (&app.buyer, "selling", vec![]),
        (&app.buyer, "holding", ids(&[&reserved])),
        (&app.buyer, "bought", ids(&[&sold])),
        (&stranger, "selling", vec![]),
        (&stranger, "holding", vec![]),
        (&stranger, "bought", vec![]),
    ];
    for (person, role, expected) in rows {
        let reply = app.service.by(person).get(&format!("{MINE}?role={role}")).await;
        let mut found = items(&reply, "id");
        found.sort_unstable();
        assert_eq!(found, expected, "{role} of {}", person.email);
        assert_eq!(reply.header("cache-control"), "private, no-store");
        for ticket in reply.json["items"].as_array().expect("a list") {
            let order = match ticket["status"].as_str() {
                Some("reserved") => json!(holding.id),
                Some("sold") => json!(bought.id),
                _ => Value::Null,
            };
            assert_eq!(ticket["orderId"], order, "{ticket}");
        }
    }
    let default = app.seller().get(MINE).await;
    assert_eq!(items(&default, "id").len(), 4);
}

#[tokio::test]
async fn a_released_ticket_has_no_holder() {
    let app = TestApp::start().await;
    let (_, order) = app.reserved().await;
    app.deliver_cancelled(&order).await;
    let reply = app.service.by(&app.buyer).get("/api/tickets/mine?role=holding").await;
    assert!(items(&reply, "id").is_empty());
}

#[tokio::test]
async fn an_unknown_role_is_refused() {
    let app = TestApp::start().await;
    for role in ["", "Selling", "buying"] {
        let reply = app.seller().get(&format!("{MINE}?role={role}")).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", vec!["role"]), "{role}");
    }
}

#[tokio::test]
async fn own_tickets_come_in_pages_newest_first() {
    let app = TestApp::start().await;
    for n in 0..5 {
        app.service.clock.advance(std::time::Duration::from_secs(1));
        app.listed(offer_with("title", json!(format!("{n}")))).await;
    }
    let first = app.seller().get(&format!("{MINE}?limit=3")).await;
    assert_eq!(items(&first, "title"), ["4", "3", "2"]);
    let cursor = first.json["next"].as_str().expect("more");
    let second = app.seller().get(&format!("{MINE}?limit=3&cursor={cursor}")).await;
    assert_eq!((items(&second, "title"), &second.json["next"]), (vec!["1", "0"], &Value::Null));
    for path in [
        format!("{MINE}?role=bought&cursor={cursor}"),
        format!("{MINE}?cursor=garbage"),
        format!("/api/tickets?cursor={cursor}"),
    ] {
        let reply = app.seller().get(&path).await;
        assert_eq!((reply.status, reply.code()), (400, "bad-cursor"), "{path}");
    }
    let other = app.service.by(&app.buyer).get(&format!("{MINE}?cursor={cursor}")).await;
    assert_eq!((other.status, other.code()), (400, "bad-cursor"), "another person's cursor");
}
