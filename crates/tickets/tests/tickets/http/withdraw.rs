use crate::world::{TICKETS, World, address, offer};

#[tokio::test]
async fn a_withdrawn_ticket_stays_readable_and_withdrawing_it_again_changes_nothing() {
    let world = World::start().await;
    let ticket = world.listed(offer()).await;
    for _ in 0..2 {
        let reply = world.seller().delete(&address(&ticket)).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0));
        let now = world.ticket(&ticket).await;
        assert_eq!((&now["status"], &now["version"]), (&"withdrawn".into(), &2.into()));
    }
    assert_eq!(world.announced().await, ["ticket.created", "ticket.withdrawn"]);
}

#[tokio::test]
async fn only_the_seller_may_withdraw() {
    let world = World::start().await;
    let ticket = world.listed(offer()).await;
    let reply = world.anybody().delete(&address(&ticket)).await;
    assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
    let reply = world.service.by(&world.buyer).delete(&address(&ticket)).await;
    assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    assert_eq!(world.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn a_reserved_or_sold_ticket_cannot_be_withdrawn() {
    let world = World::start().await;
    for (ticket, code) in
        [(world.reserved().await.0, "ticket-reserved"), (world.sold().await.0, "ticket-sold")]
    {
        let reply = world.seller().delete(&address(&ticket)).await;
        assert_eq!((reply.status, reply.code()), (409, code));
        let reply = world.seller().header("if-match", "\"1\"").delete(&address(&ticket)).await;
        assert_eq!((reply.status, reply.code()), (412, "version-changed"));
    }
}

#[tokio::test]
async fn an_unknown_or_malformed_id_is_not_found() {
    let world = World::start().await;
    for id in ["0192f0c0-7c1e-7e3a-8000-1234567890ab", "7"] {
        let path = format!("{TICKETS}/{id}");
        assert_eq!(world.seller().delete(&path).await.status, 404, "{id}");
        assert_eq!(world.anybody().delete(&path).await.status, 401, "{id}");
    }
}
