use common::Event;
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
        Event::TicketUpdated(updated.clone()),
        Event::TicketCreated(created),
        Event::TicketUpdated(updated.clone()),
    ])
    .await;
    let known = desk.ticket().await.expect("a replica");
    assert_eq!((known.as_of, known.version), (2, 1), "late and repeated events write nothing");
    desk.hears([Event::TicketWithdrawn(withdrawn), Event::TicketUpdated(updated)]).await;
    let known = desk.ticket().await.expect("a replica");
    assert_eq!((known.as_of, known.status), (3, TicketStatus::Withdrawn));
    assert_eq!(desk.subjects().await, [""; 0], "a replica announces nothing");
}
