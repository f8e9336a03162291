use std::time::Duration;

use common::event::DeadlinePassed;
use common::{Decision, Event};
use expiration::domain::{Deadline, Status};

use crate::samples::{HOLD, held, order_id, start};

/// What a command comes to: `None` if nothing changes, else the next status.
fn outcome(decided: Option<Decision<Deadline>>, known: Option<&Deadline>) -> Option<Status> {
    let Decision { next, events } = decided?;
    assert_eq!(next.version, known.map_or(1, |known| known.version + 1));
    let passed = DeadlinePassed { order_id: next.order_id, expires_at: next.expires_at };
    match next.status {
        Status::Fired => assert_eq!(events, [Event::ExpirationCompleted(passed)]),
        Status::Pending | Status::Dropped => assert_eq!(events, []),
    }
    Some(next.status)
}

#[test]
fn every_command_in_every_state() {
    use Status::{Dropped, Fired, Pending};
    let order = held(order_id(1), HOLD);
    let due = order.expires_at;
    let first = Deadline::keep(None, &order, start()).expect("kept").next;
    assert_eq!((first.expires_at, first.status), (due, Pending));
    let early = due.before(Duration::from_millis(1));
    for (known, keep, drop, fire_early, fire_due) in [
        (None, Some(Pending), Some(Dropped), None, None),
        (Some(Pending), None, Some(Dropped), None, Some(Fired)),
        (Some(Fired), None, None, None, None),
        (Some(Dropped), None, None, None, None),
    ] {
        let known = known.map(|status| Deadline { status, version: 5, ..first.clone() });
        let known = known.as_ref();
        assert_eq!(outcome(Deadline::keep(known, &order, due), known), keep, "keep {known:?}");
        assert_eq!(outcome(Deadline::drop(known, &order, due), known), drop, "drop {known:?}");
        let fire = |at| outcome(known.and_then(|known| known.fire(at)), known);
        assert_eq!((fire(early), fire(due)), (fire_early, fire_due), "fire {known:?}");
    }
}
