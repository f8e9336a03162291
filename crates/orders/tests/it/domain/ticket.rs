use common::event::TicketStatus;
use orders::domain::Ticket;

use crate::samples::{id, seller, then, ticket, usd};

#[test]
fn only_news_is_taken_over_and_a_gap_does_no_harm() {
    let first = ticket(id(200), seller());
    let reserved = then(&first, TicketStatus::Reserved, Some(id(300)));
    let released = then(&reserved, TicketStatus::Available, None);
    let known = Ticket::learn(None, &first).expect("news").next;
    assert_eq!((known.as_of, known.version, known.price), (1, 1, usd(2500)));
    assert!(Ticket::learn(Some(&known), &first).is_none(), "the same again");
    let known = Ticket::learn(Some(&known), &released).expect("news").next;
    assert_eq!((known.as_of, known.version, known.status), (3, 2, TicketStatus::Available));
    assert!(Ticket::learn(Some(&known), &reserved).is_none(), "late");
}

#[test]
fn only_a_reserved_ticket_is_locked() {
    let first = ticket(id(200), seller());
    for (status, locked_for) in
        [(TicketStatus::Available, None), (TicketStatus::Reserved, Some(id(300))), (TicketStatus::Sold, None)]
    {
        let told = then(&first, status, Some(id(300)));
        assert_eq!(Ticket::learn(None, &told).expect("news").next.locked_for(), locked_for, "{status:?}");
    }
}
