use crate::world::{TICKETS, World, address, offer};

#[tokio::test]
async fn anybody_reads_a_ticket_in_every_state_and_nobody_sees_the_order() {
    let world = World::start().await;
    let rows = [
        (world.listed(offer()).await, "available", 1),
        (world.reserved().await.0, "reserved", 2),
        (world.sold().await.0, "sold", 3),
        (world.withdrawn().await, "withdrawn", 2),
    ];
    for (ticket, status, version) in rows {
        for caller in [world.anybody(), world.seller(), world.service.by(&world.buyer)] {
            let reply = caller.get(&address(&ticket)).await;
            assert_eq!((reply.status, reply.header("cache-control")), (200, "public, no-cache"), "{status}");
            assert_eq!(reply.header("etag"), format!("\"{version}\""), "{status}");
            assert_eq!((&reply.json["status"], &reply.json["version"]), (&status.into(), &version.into()));
            assert_eq!(reply.json.get("reservedUntil").is_some(), status == "reserved");
            let body = String::from_utf8(reply.body).expect("text");
            let buyer = world.buyer.id.to_string();
            assert!(!body.contains("orderId") && !body.contains(&buyer), "{body}");
        }
    }
}

#[tokio::test]
async fn an_unchanged_ticket_is_not_sent_again() {
    let world = World::start().await;
    let ticket = world.listed(offer()).await;
    let reply = world.anybody().header("if-none-match", "\"1\"").get(&address(&ticket)).await;
    assert_eq!((reply.status, reply.body.len()), (304, 0));
    let reply = world.anybody().header("if-none-match", "\"2\"").get(&address(&ticket)).await;
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn an_unknown_or_malformed_id_is_not_found() {
    let world = World::start().await;
    for id in ["0192f0c0-7c1e-7e3a-8000-1234567890ab", "0192f0c07c1e7e3a80001234567890ab", "7", "%00", "new"]
    {
        let reply = world.anybody().get(&format!("{TICKETS}/{id}")).await;
        assert_eq!((reply.status, reply.code()), (404, "not-found"), "{id}");
    }
}
