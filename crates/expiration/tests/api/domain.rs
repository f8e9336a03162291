use std::time::Duration;

use common::event::DeadlinePassed;
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
