use std::time::Duration;

use common::event::{CancelReason, RefusalReason, Subject, TicketStatus};
use common::{Decision, Event, Time};
use orders::domain::{Order, Refusal, Status, StepError, Ticket};

use crate::samples::{HOLD, buyer, id, noon, seller, ticket, usd};

fn listed() -> Ticket {
    Ticket::learn(None, &ticket(id(200), seller())).expect("news").next
}

fn placed() -> Order {
    Order::place(id(300), buyer(), &listed(), usd(2500), noon(), HOLD).expect("placed").next
}

const CANCELLED: Status = Status::Cancelled(CancelReason::ByBuyer);
const STATES: [Status; 5] =
    [Status::Created, Status::AwaitingPayment, Status::Paying, Status::Complete, CANCELLED];

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Stays,
    Becomes(Status, Subject),
    NotYet(Duration),
    Broken,
    Refused(Refusal),
}

use Outcome::{Becomes, Broken, NotYet, Refused, Stays};

const fn cancelled(why: CancelReason) -> Outcome {
    Becomes(Status::Cancelled(why), Subject::OrderCancelled)
}

const LOCKED: Outcome = Becomes(Status::AwaitingPayment, Subject::OrderAwaitingPayment);
const ACCEPTED: Outcome = Becomes(Status::Paying, Subject::OrderPaymentAccepted);
const COMPLETED: Outcome = Becomes(Status::Complete, Subject::OrderCompleted);
/// A cancelled order is announced once more.
const AGAIN: Outcome = cancelled(CancelReason::ByBuyer);
const EXPIRED: Outcome = cancelled(CancelReason::Expired);
const FAILED: Outcome = cancelled(CancelReason::PaymentFailed);

fn step(result: Result<Option<Decision<Order>>, StepError>, order: &Order) -> Outcome {
    match result {
        Ok(decided) => change(decided, order),
        Err(StepError::NotYet(wait)) => NotYet(wait),
        Err(StepError::BrokenPromise(_)) => Broken,
    }
}

fn change(decided: Option<Decision<Order>>, order: &Order) -> Outcome {
    let Some(Decision { next, events }) = decided else { return Stays };
    assert_eq!(next.version, order.version + 1);
    let [event] = &events[..] else { panic!("one event, not {events:?}") };
    let (Event::OrderAwaitingPayment(told)
    | Event::OrderPaymentAccepted(told)
    | Event::OrderCompleted(told)
    | Event::OrderCancelled(told)) = event
    else {
        panic!("{event:?}")
    };
    assert_eq!((told.status, told.cancel_reason), next.status_words());
    assert_eq!((told.version, told.updated_at, told.id), (next.version, next.updated_at, order.id));
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
    let rows: [(&str, Command, [Outcome; 5]); 12] = [
        // Created, AwaitingPayment, Paying, Complete, Cancelled
        ("locked", |o| change(o.lock_confirmed(early()), o), [LOCKED, Stays, Stays, Stays, AGAIN]),
        (
            "unavailable",
            |o| change(o.lock_refused(Why::TicketUnavailable, early()), o),
            [cancelled(TicketUnavailable), Stays, Stays, Stays, Stays],
        ),
        (
            "price changed",
            |o| change(o.lock_refused(Why::PriceChanged, early()), o),
            [cancelled(PriceChanged), Stays, Stays, Stays, Stays],
        ),
        ("expire early", |o| step(o.expire(early()), o), [NotYet(LEFT), NotYet(LEFT), Stays, Stays, Stays]),
        ("expire when due", |o| step(o.expire(due()), o), [EXPIRED, EXPIRED, Stays, Stays, Stays]),
        (
            "pay in time",
            |o| step(o.accept_payment(early()), o),
            [NotYet(LEFT), ACCEPTED, Stays, Stays, AGAIN],
        ),
        (
            "pay in the last millisecond",
            |o| step(o.accept_payment(due().before(Duration::from_millis(1))), o),
            [NotYet(Duration::from_millis(1)), ACCEPTED, Stays, Stays, AGAIN],
        ),
        (
            "pay at the deadline",
            |o| step(o.accept_payment(due()), o),
            [EXPIRED, EXPIRED, Stays, Stays, AGAIN],
        ),
        ("captured", |o| step(o.complete(due()), o), [Broken, Broken, COMPLETED, Stays, Broken]),
        ("failed", |o| step(o.payment_failed(due()), o), [FAILED, FAILED, FAILED, Broken, Stays]),
        ("voided", |o| step(o.payment_voided().map(|()| None), o), [Stays, Stays, Broken, Broken, Stays]),
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
    let [Event::OrderCreated(told)] = &events[..] else { panic!("{events:?}") };
    assert_eq!((told.ticket.price, told.expires_at, told.user_id), (usd(2500), noon().after(HOLD), buyer()));
}

#[test]
fn a_ticket_is_ordered_only_by_another_person_while_for_sale_and_at_its_price() {
    let at = |status| Ticket { status, ..listed() };
    for (ticket, who, price, verdict) in [
        (at(TicketStatus::Available), buyer(), 2500, None),
        // The claim decides about a lock; the replica may be behind.
        (at(TicketStatus::Reserved), buyer(), 2500, None),
        (at(TicketStatus::Sold), buyer(), 2500, Some(Refusal::TicketSold)),
        (at(TicketStatus::Withdrawn), buyer(), 2500, Some(Refusal::TicketWithdrawn)),
        (at(TicketStatus::Available), buyer(), 2400, Some(Refusal::PriceChanged)),
        (at(TicketStatus::Available), seller(), 2500, Some(Refusal::OwnTicket)),
        // What holds for good is said first.
        (at(TicketStatus::Sold), seller(), 2400, Some(Refusal::OwnTicket)),
        (at(TicketStatus::Sold), buyer(), 2400, Some(Refusal::TicketSold)),
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
        assert_eq!(order.stands_in_the_way_of(buyer()), to_me, "{status:?}");
        assert_eq!(order.stands_in_the_way_of(id(3)), to_others, "{status:?}");
        assert_eq!(order.keeps_ticket(), to_me.is_some(), "{status:?}");
    }
}

#[test]
fn an_order_reads_back_as_it_was_written() {
    for status in STATES {
        let order = Order { status, ..placed() };
        let json = serde_json::to_string(&order).expect("JSON");
        assert_eq!(serde_json::from_str::<Order>(&json).expect("an order"), order);
    }
}
