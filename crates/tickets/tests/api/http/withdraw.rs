use crate::app::{TICKETS, TestApp, address, offer};

#[tokio::test]
async fn a_withdrawn_ticket_stays_readable_and_withdrawing_it_again_changes_nothing() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    for _ in 0..2 {
        let reply = app.seller().delete(&address(&ticket)).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0));
        let now = app.ticket(&ticket).await;
        assert_eq!((&now["status"], &now["version"]), (&"withdrawn".into(), &2.into()));
    }
    assert_eq!(app.subjects().await, ["ticket.created", "ticket.withdrawn"]);
}

#[tokio::test]
async fn only_the_seller_may_withdraw() {
    let app = TestApp::start().await;
    let ticket = app.listed(offer()).await;
    let reply = app.anonymous().delete(&address(&ticket)).await;
    assert_eq!((reply.status, reply.code()), (401, "not-signed-in"));
    let reply = app.service.by(&app.buyer).delete(&address(&ticket)).await;
    assert_eq!((reply.status, reply.code()), (403, "not-yours"));
    assert_eq!(app.ticket(&ticket).await["status"], "available");
}

#[tokio::test]
async fn a_reserved_or_sold_ticket_cannot_be_withdrawn() {
    let app = TestApp::start().await;
    for (ticket, code) in [(app.reserved().await.0, "ticket-reserved"), (app.sold().await.0, "ticket-sold")] {
        let reply = app.seller().delete(&address(&ticket)).await;
        assert_eq!((reply.status, reply.code()), (409, code));
        let reply = app.seller().header("if-match", "\"1\"").delete(&address(&ticket)).await;
        assert_eq!((reply.status, reply.code()), (412, "version-changed"));
    }
}

#[tokio::test]
async fn an_unknown_or_malformed_id_is_not_found() {
    let app = TestApp::start().await;
    for id in ["0192f0c0-7c1e-7e3a-8000-1234567890ab", "7"] {
        let path = format!("{TICKETS}/{id}");
        assert_eq!(app.seller().delete(&path).await.status, 404, "{id}");
        assert_eq!(app.anonymous().delete(&path).await.status, 401, "{id}");
    }
}
