//! Tickets after a restore of the database.

use common::event::{OrderSnapshot, OrderStatus, Subject, TicketSnapshot, TicketStatus};
use common::{Decision, Event};
use tickets::domain::{Offer, Status, Ticket};

use crate::samples::{BUYER, SELLER, at, listed, offer, order, order_id, ticket_id, usd, user};

const OWN: u128 = 11;
const OTHER: u128 = 12;
const RAISED: u64 = 1_795_000_000_000;

fn ordered(number: u128, status: OrderStatus) -> OrderSnapshot {
    OrderSnapshot { status: status.into(), version: 9, ..order(number, BUYER, usd(3_000)) }
}

/// The only event, which carries the state.
fn subject(decision: &Decision<Ticket>) -> Subject {
    let [event] = &decision.events[..] else { panic!("one event, not {:?}", decision.events) };
    let ticket = event.ticket().expect("a ticket");
    assert_eq!((ticket.version, ticket.status.clone()), (RAISED, decision.next.status.kind().into()));
    event.subject()
}

fn reserved(number: u128) -> Ticket {
    listed().reserve(&order(number, BUYER, usd(2_500)), at(20)).expect("free").expect("a lock").next
}

#[test]
fn an_order_decides_who_has_the_ticket() {
    let (awaiting, paying, complete) =
        (OrderStatus::AwaitingPayment, OrderStatus::Paying, OrderStatus::Complete);
    let withdrawn = listed().withdraw(user(SELLER), at(20)).expect("allowed").expect("a change").next;
    for restored in [listed(), reserved(OTHER), withdrawn] {
        for (status, expected) in [
            (awaiting, Subject::TicketReserved),
            (paying, Subject::TicketReserved),
            (complete, Subject::TicketSold),
        ] {
            let adopted = Ticket::adopt_order(Some(&restored), &ordered(OWN, status), RAISED, at(30));
            let adopted = adopted.expect("the order has the key of the ticket");
            assert_eq!(subject(&adopted), expected);
            assert_eq!(adopted.next.order(), Some(order_id(OWN)));
            assert_eq!(adopted.next.offer.price.money(), usd(3_000), "the price that the buyer pays");
            assert_eq!(adopted.next.offer.venue, restored.offer.venue, "the rest of the offer stays");
        }
    }
}

#[test]
fn a_ticket_that_its_order_has_already_is_left_to_the_consumer() {
    let own = reserved(OWN);
    let sold = own.sell(order_id(OWN), at(21)).expect("held").next;
    for status in [OrderStatus::Created, OrderStatus::AwaitingPayment, OrderStatus::Complete] {
        for known in [&own, &sold] {
            assert_eq!(Ticket::adopt_order(Some(known), &ordered(OWN, status), RAISED, at(30)), None);
        }
    }
    for status in [OrderStatus::Created, OrderStatus::Cancelled] {
        assert_eq!(Ticket::adopt_order(Some(&listed()), &ordered(OWN, status), RAISED, at(30)), None);
    }
}

#[test]
fn a_lost_ticket_is_created_anew_in_the_state_that_its_order_implies() {
    for (status, expected) in [
        (OrderStatus::Created, TicketStatus::Reserved),
        (OrderStatus::AwaitingPayment, TicketStatus::Reserved),
        (OrderStatus::Paying, TicketStatus::Reserved),
        (OrderStatus::Complete, TicketStatus::Sold),
        (OrderStatus::Cancelled, TicketStatus::Withdrawn),
    ] {
        let mut order = ordered(OWN, status);
        order.ticket.seller_id = Some(user(SELLER));
        let created = Ticket::adopt_order(None, &order, RAISED, at(30)).expect("lost").next;
        assert_eq!((created.status.kind(), created.version), (expected, RAISED));
        assert_eq!((created.id, created.seller), (order.ticket.id, user(SELLER)));
        assert_eq!(created.offer.title.as_str(), order.ticket.title);
        // An order of before orders named their sellers: no user could list the ticket again.
        order.ticket.seller_id = None;
        assert_eq!(Ticket::adopt_order(None, &order, RAISED, at(30)), None);
    }
}

fn replica(status: TicketStatus, version: u64) -> TicketSnapshot {
    let edited = Ticket { offer: offer("opera", usd(3_000)), ..listed() };
    TicketSnapshot {
        status: status.into(),
        version,
        venue: None,
        starts_at: None,
        description: None,
        ..edited.snapshot()
    }
}

#[test]
fn the_replica_of_orders_keeps_edits_and_withdrawals_of_since_the_backup() {
    for restored in [listed(), reserved(OTHER)] {
        for (status, expected) in [
            (TicketStatus::Available, Subject::TicketUpdated),
            (TicketStatus::Withdrawn, Subject::TicketWithdrawn),
        ] {
            let adopted = Ticket::adopt_replica(Some(&restored), &replica(status, 7), RAISED, at(30));
            let adopted = adopted.expect("newer");
            assert_eq!(subject(&adopted), expected);
            let Offer { title, price, venue, .. } = &adopted.next.offer;
            assert_eq!((title.as_str(), price.money(), venue), ("opera", usd(3_000), &restored.offer.venue));
        }
    }
}

#[test]
fn a_replica_that_is_as_old_or_that_an_order_explains_decides_nothing() {
    let restored = listed();
    let sold = reserved(OWN).sell(order_id(OWN), at(21)).expect("held").next;
    let adopt =
        |known, status, version| Ticket::adopt_replica(known, &replica(status, version), RAISED, at(30));
    assert_eq!(adopt(Some(&restored), TicketStatus::Withdrawn, restored.version), None);
    assert_eq!(adopt(Some(&sold), TicketStatus::Available, 9), None, "a sale is final");
    for status in [TicketStatus::Reserved, TicketStatus::Sold] {
        assert_eq!(adopt(Some(&restored), status, 9), None);
        assert_eq!(adopt(None, status, 9), None);
    }
    let same = TicketSnapshot { version: 9, ..restored.snapshot() };
    assert_eq!(Ticket::adopt_replica(Some(&restored), &same, RAISED, at(30)), None);
}

#[test]
fn a_lost_listing_without_an_order_comes_back_withdrawn() {
    let created = Ticket::adopt_replica(None, &replica(TicketStatus::Available, 7), RAISED, at(30));
    let created = created.expect("lost");
    assert_eq!(subject(&created), Subject::TicketWithdrawn);
    assert_eq!((created.next.id, created.next.seller), (ticket_id(), user(SELLER)));
}

#[test]
fn a_raised_ticket_is_published_as_overdue_while_orders_may_disagree() {
    let sold = reserved(OWN).sell(order_id(OWN), at(21)).expect("held").next;
    for (ticket, is_published) in [(listed(), true), (reserved(OWN), true), (sold, false)] {
        let Decision { next, events } = ticket.raise(RAISED, at(30));
        assert_eq!((next.version, next.status, next.updated_at), (RAISED, ticket.status, ticket.updated_at));
        let overdue = |event: &Event| event.ticket().is_some_and(|one| one.overdue && one.version == RAISED);
        assert_eq!((events.len(), events.iter().all(overdue)), (usize::from(is_published), true));
        assert!(matches!(next.status, Status::Sold { .. }) != is_published);
    }
}
