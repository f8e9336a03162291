use serde_json::{Value, json};

use crate::world::{World, items, offer, offer_with};

const MINE: &str = "/api/tickets/mine";

#[tokio::test]
async fn nobody_owns_anything_without_a_session() {
    let world = World::start().await;
    for path in [MINE, "/api/tickets/mine?role=nonsense"] {
        let reply = world.anybody().get(path).await;
        assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
    }
}

#[tokio::test]
async fn everybody_sees_their_part_in_a_ticket_and_its_order() {
    let world = World::start().await;
    let available = world.listed(offer()).await;
    let (reserved, holding) = world.reserved().await;
    let (sold, bought) = world.sold().await;
    let withdrawn = world.withdrawn().await;
    let stranger = world.service.person("stranger");
    let ids = |tickets: &[&Value]| {
        let mut ids: Vec<_> =
            tickets.iter().map(|ticket| ticket["id"].as_str().expect("an id").to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    let rows = [
        (&world.seller, "selling", ids(&[&withdrawn, &sold, &reserved, &available])),
        (&world.seller, "holding", vec![]),
        (&world.seller, "bought", vec![]),
        (&world.buyer, "selling", vec![]),
        (&world.buyer, "holding", ids(&[&reserved])),
        (&world.buyer, "bought", ids(&[&sold])),
        (&stranger, "selling", vec![]),
        (&stranger, "holding", vec![]),
        (&stranger, "bought", vec![]),
    ];
    for (person, role, expected) in rows {
        let reply = world.service.by(person).get(&format!("{MINE}?role={role}")).await;
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
    let default = world.seller().get(MINE).await;
    assert_eq!(items(&default, "id").len(), 4);
}

#[tokio::test]
async fn a_released_ticket_is_held_by_nobody() {
    let world = World::start().await;
    let (_, order) = world.reserved().await;
    world.hears_cancelled(&order).await;
    let reply = world.service.by(&world.buyer).get("/api/tickets/mine?role=holding").await;
    assert!(items(&reply, "id").is_empty());
}

#[tokio::test]
async fn an_unknown_role_is_refused() {
    let world = World::start().await;
    for role in ["", "Selling", "buying"] {
        let reply = world.seller().get(&format!("{MINE}?role={role}")).await;
        assert_eq!((reply.status, reply.code(), reply.fields()), (400, "not-valid", vec!["role"]), "{role}");
    }
}

#[tokio::test]
async fn own_tickets_come_in_pages_newest_first() {
    let world = World::start().await;
    for n in 0..5 {
        world.service.clock.advance(std::time::Duration::from_secs(1));
        world.listed(offer_with("title", json!(format!("{n}")))).await;
    }
    let first = world.seller().get(&format!("{MINE}?limit=3")).await;
    assert_eq!(items(&first, "title"), ["4", "3", "2"]);
    let cursor = first.json["next"].as_str().expect("more");
    let second = world.seller().get(&format!("{MINE}?limit=3&cursor={cursor}")).await;
    assert_eq!((items(&second, "title"), &second.json["next"]), (vec!["1", "0"], &Value::Null));
    for path in [
        format!("{MINE}?role=bought&cursor={cursor}"),
        format!("{MINE}?cursor=garbage"),
        format!("/api/tickets?cursor={cursor}"),
    ] {
        let reply = world.seller().get(&path).await;
        assert_eq!((reply.status, reply.code()), (400, "bad-cursor"), "{path}");
    }
    let other = world.service.by(&world.buyer).get(&format!("{MINE}?cursor={cursor}")).await;
    assert_eq!((other.status, other.code()), (400, "bad-cursor"), "another person's cursor");
}
