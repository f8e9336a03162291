//! Orders after a restore of the database.

use common::event::{CancelReason, DisputeStatus, OrderSnapshot, OrderStatus, Subject};
use common::{Decision, Event};
use orders::domain::{Order, PostCapture, Status, TicketReplica};
use runtime::Present;

use crate::samples::{HOLD, buyer, id, noon, seller, ticket, usd};

const RAISED: u64 = 1_795_000_000_000;
const STATES: [Status; 5] = [
    Status::Created,
    Status::AwaitingPayment,
    Status::Paying,
    Status::Complete,
    Status::Cancelled(CancelReason::PaymentFailed),
];

fn placed() -> Order {
    let listed = TicketReplica::apply(None, &ticket(id(200), seller())).expect("newer").next;
    Order::place(id(300), buyer(), &listed, usd(2500), noon(), HOLD).expect("placed").next
}

fn in_state(status: Status) -> Order {
    let post_capture = PostCapture { refunded: Some(usd(500)), dispute: Some(DisputeStatus::Won), as_of: 0 };
    Order { status, post_capture, version: 5, ..placed() }
}

fn published(events: &[Event]) -> Vec<(Subject, u64, bool)> {
    let orders = events.iter().map(|event| (event.subject(), event.order().expect("an order")));
    orders.map(|(subject, order)| (subject, order.version, order.overdue)).collect()
}

#[test]
fn a_copy_restores_a_lost_order_in_every_state() {
    for status in STATES {
        let lost = in_state(status);
        let Decision { next, events } = Order::adopt(None, &lost.snapshot(), RAISED).expect("lost");
        assert_eq!(next, Order { version: RAISED, ..lost.clone() }, "{status:?}");
        assert_eq!(published(&events), [(lost.event().subject(), RAISED, false)]);
    }
}

#[test]
fn a_newer_copy_replaces_the_restored_state_and_an_older_one_does_not() {
    let restored = Order { payment_in_progress: true, version: 3, ..placed() };
    let copy = in_state(Status::Complete).snapshot();
    let adopted = Order::adopt(Some(&restored), &copy, RAISED).expect("newer").next;
    assert_eq!((adopted.status, adopted.version), (Status::Complete, RAISED));
    assert!(adopted.payment_in_progress, "not part of the copy");
    for version in [2, 3] {
        assert_eq!(Order::adopt(Some(&restored), &OrderSnapshot { version, ..copy.clone() }, RAISED), None);
    }
}

#[test]
fn a_raised_order_is_published_as_overdue_unless_it_is_over() {
    for status in STATES {
        let order = in_state(status);
        let Decision { next, events } = order.raise(RAISED, noon());
        assert_eq!((next.version, next.status, next.updated_at), (RAISED, status, order.updated_at));
        let is_over = matches!(order.wire_status().0, OrderStatus::Complete | OrderStatus::Cancelled);
        let expected = if is_over { vec![] } else { vec![(order.event().subject(), RAISED, true)] };
        assert_eq!(published(&events), expected, "{status:?}");
    }
}

#[test]
fn the_replica_of_a_ticket_is_exported_at_the_version_of_the_ticket() {
    let replica = TicketReplica::apply(None, &ticket(id(200), seller())).expect("newer").next;
    let state = TicketReplica { as_of: 7, ..replica.clone() }.present();
    let exported = state.events[0].ticket().expect("a ticket").clone();
    assert_eq!((state.version, exported.version, state.events.len()), (7, 7, 1));
    assert_eq!(
        (exported.title, exported.price, exported.seller_id),
        (replica.title, replica.price, seller())
    );
}
