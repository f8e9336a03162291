use std::time::Duration;

use common::event::{DeadlinePassed, OrderSnapshot, OrderStatus};
use common::{Decision, Event};
use expiration::domain::{Deadline, Status};

use crate::app::{HOLD, held, order_id, start};

/// The result of a command: `None` if nothing changes, else the next status.
fn outcome(decided: Option<Decision<Deadline>>, known: Option<&Deadline>) -> Option<Status> {
    let Decision { next, events } = decided?;
    assert_eq!(next.version, known.map_or(1, |known| known.version + 1));
    let passed = DeadlinePassed { order_id: next.order_id, expires_at: next.expires_at };
    match next.status {
        Status::Expired => assert_eq!(events, [Event::ExpirationCompleted(passed)]),
        Status::Pending | Status::Cancelled => assert_eq!(events, []),
    }
    Some(next.status)
}

#[test]
fn every_command_in_every_state() {
    use Status::{Cancelled, Expired, Pending};
    let order = held(order_id(1), HOLD);
    let due = order.expires_at;
    let first = Deadline::schedule(None, &order, start()).expect("scheduled").next;
    assert_eq!((first.expires_at, first.status), (due, Pending));
    let early = due.before(Duration::from_millis(1));
    for (known, schedule, cancel, expire_early, expire_due) in [
        (None, Some(Pending), Some(Cancelled), None, None),
        (Some(Pending), None, Some(Cancelled), None, Some(Expired)),
        (Some(Expired), None, None, None, None),
        (Some(Cancelled), None, None, None, None),
    ] {
        let known = known.map(|status| Deadline { status, version: 5, ..first.clone() });
        let known = known.as_ref();
        assert_eq!(outcome(Deadline::schedule(known, &order, due), known), schedule, "schedule {known:?}");
        assert_eq!(outcome(Deadline::cancel(known, &order, due), known), cancel, "cancel {known:?}");
        let expire = |at| outcome(known.and_then(|known| known.expire(at)), known);
        assert_eq!((expire(early), expire(due)), (expire_early, expire_due), "expire {known:?}");
    }
}

#[test]
fn after_a_restore_only_the_lost_deadline_of_an_open_order_is_scheduled() {
    const RAISED: u64 = 1_795_000_000_000;
    for (status, is_scheduled) in [
        (OrderStatus::Created, true),
        (OrderStatus::AwaitingPayment, true),
        (OrderStatus::Paying, false),
        (OrderStatus::Complete, false),
        (OrderStatus::Cancelled, false),
    ] {
        let order = OrderSnapshot { status: status.into(), ..held(order_id(1), HOLD) };
        let adopted = Deadline::adopt(None, &order, RAISED, start());
        assert_eq!(adopted.is_some(), is_scheduled, "{status:?}");
        let Some(Decision { next, events }) = adopted else { continue };
        assert_eq!((next.status, next.version, next.expires_at), (Status::Pending, RAISED, order.expires_at));
        assert_eq!(events, []);
        for known in [Status::Pending, Status::Expired, Status::Cancelled] {
            let known = Deadline { status: known, ..next.clone() };
            assert_eq!(Deadline::adopt(Some(&known), &order, RAISED, start()), None);
        }
    }
}
