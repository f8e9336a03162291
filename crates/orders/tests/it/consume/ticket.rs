use common::Fact;
use common::event::TicketStatus;

use crate::desk::Desk;
use crate::samples::{seller, then, ticket};

#[tokio::test]
async fn the_replica_keeps_the_newest_of_what_it_hears() {
    let desk = Desk::new();
    let created = ticket(Desk::ticket_id(), seller());
    let updated = then(&created, TicketStatus::Available, None);
    let withdrawn = then(&updated, TicketStatus::Withdrawn, None);
    desk.hears([
        Fact::TicketUpdated(updated.clone()),
        Fact::TicketCreated(created),
        Fact::TicketUpdated(updated.clone()),
    ])
    .await;
    let known = desk.ticket().await.expect("a replica");
    assert_eq!((known.as_of, known.version), (2, 1), "late and repeated events write nothing");
    desk.hears([Fact::TicketWithdrawn(withdrawn), Fact::TicketUpdated(updated)]).await;
    let known = desk.ticket().await.expect("a replica");
    assert_eq!((known.as_of, known.status), (3, TicketStatus::Withdrawn));
    assert_eq!(desk.subjects().await, [""; 0], "a replica announces nothing");
}
