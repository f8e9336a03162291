use std::time::Duration;

use common::event::{CancelReason, RefusalReason, Subject, TicketStatus};
use common::{Decision, Event, Time};
use orders::domain::{LAST_POLL_TIMEOUT, Order, Refusal, Status, StepError, TicketReplica};

use crate::samples::{HOLD, buyer, id, noon, seller, then, ticket, usd};

fn listed() -> TicketReplica {
    TicketReplica::apply(None, &ticket(id(200), seller())).expect("newer").next
}

fn placed() -> Order {
    Order::place(id(300), buyer(), &listed(), usd(2500), noon(), HOLD).expect("placed").next
}

const CANCELLED: Status = Status::Cancelled(CancelReason::ByBuyer);
const STATES: [Status; 5] =
    [Status::Created, Status::AwaitingPayment, Status::Paying, Status::Complete, CANCELLED];

/// The result of a command.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Stays,
    Becomes(Status, Subject),
    TooEarly(Duration),
    Violation,
    Refused(Refusal),
}

use Outcome::{Becomes, Refused, Stays, TooEarly, Violation};

const fn cancelled(why: CancelReason) -> Outcome {
    Becomes(Status::Cancelled(why), Subject::OrderCancelled)
}

const LOCKED: Outcome = Becomes(Status::AwaitingPayment, Subject::OrderAwaitingPayment);
const ACCEPTED: Outcome = Becomes(Status::Paying, Subject::OrderPaymentAccepted);
const COMPLETED: Outcome = Becomes(Status::Complete, Subject::OrderCompleted);
/// A cancelled order is published again.
const AGAIN: Outcome = cancelled(CancelReason::ByBuyer);
const EXPIRED: Outcome = cancelled(CancelReason::Expired);
const FAILED: Outcome = cancelled(CancelReason::PaymentFailed);

fn step(result: Result<Option<Decision<Order>>, StepError>, order: &Order) -> Outcome {
    match result {
        Ok(decided) => change(decided, order),
        Err(StepError::RetryLater(wait)) => TooEarly(wait),
        Err(StepError::InvariantViolation(_)) => Violation,
    }
}

fn change(decided: Option<Decision<Order>>, order: &Order) -> Outcome {
    let Some(Decision { next, events }) = decided else { return Stays };
    assert_eq!(next.version, order.version + 1);
    let [event] = &events[..] else { panic!("one event, not {events:?}") };
    let (Event::OrderAwaitingPayment(snapshot)
    | Event::OrderPaymentAccepted(snapshot)
    | Event::OrderCompleted(snapshot)
    | Event::OrderCancelled(snapshot)) = event
    else {
        panic!("{event:?}")
    };
    let (status, cancel_reason) = next.wire_status();
    assert_eq!(
        (snapshot.status.clone(), snapshot.cancel_reason.clone()),
        (status.into(), cancel_reason.map(Into::into))
    );
    assert_eq!(
        (snapshot.version, snapshot.updated_at, snapshot.id),
        (next.version, next.updated_at, order.id)
    );
    Becomes(next.status, event.subject())
}

type Command = fn(&Order) -> Outcome;

const IN_TIME: Duration = Duration::from_mins(1);
const LEFT: Duration = Duration::from_mins(4);

fn early() -> Time {
    noon().after(IN_TIME)
}

fn due() -> Time {
    noon().after(HOLD)
}

#[test]
fn every_command_in_every_state() {
    use CancelReason::{PriceChanged, TicketUnavailable};
    use RefusalReason as Why;
    let (paying, complete) = (Refused(Refusal::Paying), Refused(Refusal::Complete));
    let none = [Stays; 5];
    let rows: [(&str, Command, [Outcome; 5]); 14] = [
        // Created, AwaitingPayment, Paying, Complete, Cancelled
        ("locked", |o| change(o.on_ticket_reserved(early()), o), [LOCKED, Stays, Stays, Stays, AGAIN]),
        (
            "unavailable",
            |o| change(o.on_reservation_refused(&Why::TicketUnavailable.into(), early()), o),
            [cancelled(TicketUnavailable), Stays, Stays, Stays, Stays],
        ),
        (
            "price changed",
            |o| change(o.on_reservation_refused(&Why::PriceChanged.into(), early()), o),
            [cancelled(PriceChanged), Stays, Stays, Stays, Stays],
        ),
        (
            "expire early",
            |o| step(o.expire(early()), o),
            [TooEarly(LEFT), TooEarly(LEFT), Stays, Stays, Stays],
        ),
        ("expire when due", |o| step(o.expire(due()), o), [EXPIRED, EXPIRED, Stays, Stays, AGAIN]),
        (
            "pay in time",
            |o| step(o.accept_payment(None, early()), o),
            [TooEarly(LEFT), ACCEPTED, Stays, Stays, AGAIN],
        ),
        (
            "pay in the last millisecond",
            |o| step(o.accept_payment(None, due().before(Duration::from_millis(1))), o),
            [TooEarly(Duration::from_millis(1)), ACCEPTED, Stays, Stays, AGAIN],
        ),
        (
            "pay at the deadline",
            |o| step(o.accept_payment(None, due()), o),
            [EXPIRED, EXPIRED, Stays, Stays, AGAIN],
        ),
        (
            "pay after the deadline, authorized in time",
            |o| step(o.accept_payment(Some(due()), due()), o),
            [TooEarly(LAST_POLL_TIMEOUT), ACCEPTED, Stays, Stays, AGAIN],
        ),
        (
            "not authorized",
            |o| change(o.on_payment_not_authorized(due()), o),
            [EXPIRED, EXPIRED, Stays, Stays, Stays],
        ),
        ("captured", |o| step(o.complete(due()), o), [Violation, Violation, COMPLETED, Stays, Violation]),
        ("failed", |o| step(o.on_payment_failed(due()), o), [FAILED, FAILED, FAILED, Violation, Stays]),
        ("voided", |o| step(o.on_payment_voided(), o), [Stays, Stays, ACCEPTED, Violation, Stays]),
        (
            "cancel",
            |o| o.cancel(early()).map_or_else(Refused, |decided| change(decided, o)),
            [cancelled(CancelReason::ByBuyer), cancelled(CancelReason::ByBuyer), paying, complete, Stays],
        ),
    ];
    assert!(rows.iter().all(|(_, _, outcomes)| *outcomes != none), "a command that never does anything");
    for (name, command, outcomes) in rows {
        for (status, outcome) in STATES.into_iter().zip(outcomes) {
            let order = Order { status, version: 7, ..placed() };
            assert_eq!(command(&order), outcome, "{name} while {status:?}");
        }
    }
}

#[test]
fn an_order_is_placed_at_the_price_that_the_buyer_saw_and_held_for_a_while() {
    let Decision { next, events } =
        Order::place(id(300), buyer(), &listed(), usd(2500), noon(), HOLD).expect("placed");
    assert_eq!((next.version, next.status, next.expires_at), (1, Status::Created, noon().after(HOLD)));
    let [Event::OrderCreated(snapshot)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(
        (snapshot.ticket.price, snapshot.expires_at, snapshot.user_id),
        (usd(2500), noon().after(HOLD), buyer())
    );
}

#[test]
fn a_ticket_is_ordered_only_by_another_person_while_for_sale_and_at_its_price() {
    let at = |status| TicketReplica { status, ..listed() };
    for (ticket, who, price, verdict) in [
        (at(TicketStatus::Available.into()), buyer(), 2500, None),
        // The unique key decides about a lock; the replica may be outdated.
        (at(TicketStatus::Reserved.into()), buyer(), 2500, None),
        (at(TicketStatus::Sold.into()), buyer(), 2500, Some(Refusal::TicketSold)),
        (at(TicketStatus::Withdrawn.into()), buyer(), 2500, Some(Refusal::TicketWithdrawn)),
        (at(TicketStatus::Available.into()), buyer(), 2400, Some(Refusal::PriceChanged)),
        (at(TicketStatus::Available.into()), seller(), 2500, Some(Refusal::OwnTicket)),
        // Permanent refusals come first.
        (at(TicketStatus::Sold.into()), seller(), 2400, Some(Refusal::OwnTicket)),
        (at(TicketStatus::Sold.into()), buyer(), 2400, Some(Refusal::TicketSold)),
    ] {
        let placed = Order::place(id(300), who, &ticket, usd(price), noon(), HOLD);
        assert_eq!(placed.err(), verdict, "{ticket:?} by {who} for {price}");
    }
}

#[test]
fn only_a_cancelled_order_lets_go_of_its_ticket() {
    let (mine, other) = (Refusal::ReservedByYou, Refusal::TicketReserved);
    for (status, to_me, to_others) in [
        (Status::Created, Some(mine), Some(other)),
        (Status::AwaitingPayment, Some(mine), Some(other)),
        (Status::Paying, Some(mine), Some(other)),
        (Status::Complete, Some(Refusal::TicketSold), Some(Refusal::TicketSold)),
        (CANCELLED, None, None),
    ] {
        let order = Order { status, ..placed() };
        assert_eq!(order.conflict_with(buyer()), to_me, "{status:?}");
        assert_eq!(order.conflict_with(id(3)), to_others, "{status:?}");
        assert_eq!(order.keeps_ticket(), to_me.is_some(), "{status:?}");
    }
}

#[test]
fn an_order_reads_back_as_it_was_written() {
    for status in STATES {
        let order = Order { status, ..placed() };
        let json = serde_json::to_string(&order).expect("JSON");
        assert!(json.contains("\"aftermath\":"), "the stored name: {json}");
        assert_eq!(serde_json::from_str::<Order>(&json).expect("an order"), order);
    }
}

#[test]
fn only_newer_versions_are_applied_and_a_gap_does_no_harm() {
    let first = ticket(id(200), seller());
    let reserved = then(&first, TicketStatus::Reserved, Some(id(300)));
    let released = then(&reserved, TicketStatus::Available, None);
    let replica = TicketReplica::apply(None, &first).expect("newer").next;
    assert_eq!((replica.as_of, replica.version, replica.price), (1, 1, usd(2500)));
    assert!(TicketReplica::apply(Some(&replica), &first).is_none(), "the same again");
    let replica = TicketReplica::apply(Some(&replica), &released).expect("newer").next;
    assert_eq!(
        (replica.as_of, replica.version, replica.status.clone()),
        (3, 2, TicketStatus::Available.into())
    );
    assert!(TicketReplica::apply(Some(&replica), &reserved).is_none(), "late");
}

#[test]
fn only_a_reserved_ticket_is_locked() {
    let first = ticket(id(200), seller());
    for (status, locked_for) in
        [(TicketStatus::Available, None), (TicketStatus::Reserved, Some(id(300))), (TicketStatus::Sold, None)]
    {
        let ticket = then(&first, status, Some(id(300)));
        assert_eq!(
            TicketReplica::apply(None, &ticket).expect("newer").next.locked_for(),
            locked_for,
            "{status:?}"
        );
    }
}
