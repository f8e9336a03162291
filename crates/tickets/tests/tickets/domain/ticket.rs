use common::event::{DisputeStatus, OrderSnapshot, TicketStatus};
use common::{Decision, Event};
use tickets::domain::{Aftermath, Obstacle, Offer, Refusal, Status, Ticket};

use super::{BUYER, SELLER, STRANGER, at, listed, offer, order, order_id, ticket_id, usd, user};

const OWN: u128 = 11;
const OTHER: u128 = 12;

/// A ticket in each state; `reserved` and `sold` belong to the order [`OWN`].
fn in_every_state() -> [Ticket; 4] {
    let available = listed();
    let reserved =
        available.reserve(&order(OWN, BUYER, usd(2_500)), at(20)).expect("free").expect("a lock").next;
    let sold = reserved.sell(order_id(OWN), at(21)).expect("held").next;
    let withdrawn = available.withdraw(user(SELLER), at(20)).expect("allowed").expect("a change").next;
    [available, reserved, sold, withdrawn]
}

/// What a command did, in words: the announced subject, `-` for nothing, or the refusal.
fn told<R: std::fmt::Debug>(ticket: &Ticket, outcome: Result<Option<Decision<Ticket>>, R>) -> String {
    match outcome {
        Err(refusal) => format!("{refusal:?}"),
        Ok(None) => "-".into(),
        Ok(Some(Decision { next, events })) => {
            assert_eq!(next.version, ticket.version + 1);
            assert_eq!((next.updated_at, next.created_at), (at(30), ticket.created_at));
            let [event] = &events[..] else { panic!("one event, not {events:?}") };
            assert_eq!(snapshot(event), &next.snapshot(), "the event carries the new state");
            event.subject().to_string()
        }
    }
}

fn snapshot(event: &Event) -> &common::event::TicketSnapshot {
    match event {
        Event::TicketCreated(ticket)
        | Event::TicketUpdated(ticket)
        | Event::TicketReserved(ticket)
        | Event::TicketReleased(ticket)
        | Event::TicketSold(ticket)
        | Event::TicketWithdrawn(ticket) => ticket,
        other => panic!("not about a ticket: {other:?}"),
    }
}

fn edit(ticket: &Ticket, by: u128, offer: Offer) -> String {
    told(ticket, ticket.edit(user(by), offer, at(30)))
}

fn reserve(ticket: &Ticket, number: u128, buyer: u128, price: i64) -> String {
    told(ticket, ticket.reserve(&order(number, buyer, usd(price)), at(30)))
}

fn infallible(ticket: &Ticket, decision: Option<Decision<Ticket>>) -> String {
    told::<()>(ticket, Ok(decision))
}

type Command = fn(&Ticket) -> String;

#[test]
fn every_command_in_every_state() {
    let unavailable = "Refused(TicketUnavailable)";
    let table: &[(&str, Command, [&str; 4])] = &[
        // command, itself, when available, reserved, sold, withdrawn
        (
            "edit",
            |t| edit(t, SELLER, offer("opera", usd(3_000))),
            ["ticket.updated", "Reserved", "Sold", "Withdrawn"],
        ),
        ("edit to the same", |t| edit(t, SELLER, t.offer.clone()), ["-", "Reserved", "Sold", "Withdrawn"]),
        ("edit by a stranger", |t| edit(t, STRANGER, offer("opera", usd(3_000))), ["NotYours"; 4]),
        (
            "withdraw",
            |t| told(t, t.withdraw(user(SELLER), at(30))),
            ["ticket.withdrawn", "Reserved", "Sold", "-"],
        ),
        ("withdraw by a stranger", |t| told(t, t.withdraw(user(STRANGER), at(30))), ["NotYours"; 4]),
        (
            "reserve for the order",
            |t| reserve(t, OWN, BUYER, 2_500),
            ["ticket.reserved", "-", "-", unavailable],
        ),
        (
            "reserve for another order",
            |t| reserve(t, OTHER, BUYER, 2_500),
            ["ticket.reserved", "Held", unavailable, unavailable],
        ),
        (
            "reserve at another price",
            |t| reserve(t, OTHER, BUYER, 2_499),
            ["Refused(PriceChanged)", "Held", unavailable, unavailable],
        ),
        ("reserve for the seller", |t| reserve(t, OTHER, SELLER, 2_500), [unavailable; 4]),
        (
            "release by the order",
            |t| infallible(t, t.release(order_id(OWN), at(30))),
            ["-", "ticket.released", "-", "-"],
        ),
        ("release by another order", |t| infallible(t, t.release(order_id(OTHER), at(30))), ["-"; 4]),
        (
            "sell to the order",
            |t| infallible(t, t.sell(order_id(OWN), at(30))),
            ["-", "ticket.sold", "-", "-"],
        ),
        ("sell to another order", |t| infallible(t, t.sell(order_id(OTHER), at(30))), ["-"; 4]),
    ];
    for (command, run, expected) in table {
        let outcomes = in_every_state().map(|ticket| run(&ticket));
        assert_eq!(&outcomes, expected, "{command}");
    }
}

#[test]
fn listing_announces_a_ticket_that_is_available() {
    let decision =
        Ticket::list(ticket_id(), user(SELLER), offer("concert", usd(2_500)), at(10)).expect("listed");
    assert_eq!((decision.next.version, decision.next.status), (1, Status::Available));
    assert_eq!(decision.events, [Event::TicketCreated(decision.next.snapshot())]);
}

#[test]
fn what_has_begun_cannot_be_listed_but_corrected() {
    let late = Ticket::list(ticket_id(), user(SELLER), offer("concert", usd(2_500)), at(1_000));
    assert_eq!(late, Err(Refusal::Late));
    let after = at(5_000);
    let corrected = listed().edit(user(SELLER), offer("Concert", usd(2_500)), after).expect("same start");
    assert_eq!(corrected.expect("a change").next.offer.title.as_str(), "Concert");
    let moved = Offer { starts_at: Some(at(4_000)), ..offer("concert", usd(2_500)) };
    assert_eq!(listed().edit(user(SELLER), moved, after), Err(Refusal::Late));
}

#[test]
fn a_lock_says_for_whom_and_until_when_and_a_sale_keeps_for_whom() {
    let [_, reserved, sold, _] = in_every_state();
    let (order, holder) = (order_id(OWN), user(BUYER));
    assert_eq!(reserved.status, Status::Reserved { order, holder, until: at(900) });
    assert_eq!(sold.status, Status::Sold { order, buyer: holder, aftermath: Aftermath::default() });
    let snapshot = reserved.snapshot();
    assert_eq!((snapshot.order_id, snapshot.reserved_until), (Some(order), Some(at(900))));
    let snapshot = sold.snapshot();
    assert_eq!((snapshot.status, snapshot.order_id), (TicketStatus::Sold, Some(order)));
    assert_eq!(snapshot.reserved_until, None);
}

#[test]
fn a_released_ticket_is_as_free_as_before() {
    let [_, reserved, ..] = in_every_state();
    let free = reserved.release(order_id(OWN), at(30)).expect("held").next;
    assert_eq!((free.status, free.order(), free.reserved_until()), (Status::Available, None, None));
    assert_eq!(reserve(&Ticket { version: 1, ..free.clone() }, OTHER, BUYER, 2_500), "ticket.reserved");
    assert_eq!(
        free.reserve(&order(OTHER, BUYER, usd(1)), at(31)).map(|_| ()),
        Err(Obstacle::Refused(common::event::RefusalReason::PriceChanged))
    );
}

#[test]
fn a_stored_ticket_reads_back_in_every_state() {
    for ticket in in_every_state() {
        let json = serde_json::to_string(&ticket).expect("JSON");
        assert_eq!(serde_json::from_str::<Ticket>(&json).expect("a ticket"), ticket, "{json}");
    }
}

#[test]
fn a_sold_ticket_is_marked_with_what_became_of_its_money() {
    let [_, _, sold, _] = in_every_state();
    let told = |version, refunded, dispute| {
        let order = order(OWN, BUYER, usd(2_500));
        OrderSnapshot { version, refunded, dispute, ..order }
    };
    assert!(sold.money_moved(&told(4, None, None), at(30)).is_none(), "nothing has moved");
    let refunded = sold.money_moved(&told(5, Some(usd(900)), None), at(30)).expect("news");
    assert_eq!(refunded.events[0].subject().as_str(), "ticket.sold");
    let marked = refunded.next;
    assert_eq!((marked.version, marked.aftermath().refunded), (sold.version + 1, Some(usd(900))));
    let disputed = told(6, Some(usd(900)), Some(DisputeStatus::Open));
    let disputed = marked.money_moved(&disputed, at(31)).expect("news").next;
    assert_eq!(disputed.aftermath().dispute, Some(DisputeStatus::Open));
    assert!(disputed.money_moved(&told(5, Some(usd(900)), None), at(32)).is_none(), "that is older");
    let other = OrderSnapshot { id: order_id(OTHER), ..told(9, Some(usd(1)), None) };
    assert!(disputed.money_moved(&other, at(33)).is_none(), "that is another order");
}
