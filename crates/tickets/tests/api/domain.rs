use common::event::{
    DisputeStatus, OrderSnapshot, RefusalReason, ReservationRefused, TicketSnapshot, TicketStatus,
};
use common::text::TextError;
use common::{Currency, Decision, Event, Money};
use tickets::domain::{
    Description, Offer, OrderTombstone, Outcome, PostCapture, Price, Refusal, ReserveError, Status, Ticket,
    Title, Venue,
};

use crate::samples::{BUYER, SELLER, STRANGER, at, listed, offer, order, order_id, ticket_id, usd, user};

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

/// The outcome of a command in words: the subject of the event, `-` for no change, or the refusal.
fn outcome<R: std::fmt::Debug>(ticket: &Ticket, result: Result<Option<Decision<Ticket>>, R>) -> String {
    match result {
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

fn snapshot(event: &Event) -> &TicketSnapshot {
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
    outcome(ticket, ticket.edit(user(by), offer, at(30)))
}

fn reserve(ticket: &Ticket, number: u128, buyer: u128, price: i64) -> String {
    outcome(ticket, ticket.reserve(&order(number, buyer, usd(price)), at(30)))
}

fn infallible(ticket: &Ticket, decision: Option<Decision<Ticket>>) -> String {
    outcome::<()>(ticket, Ok(decision))
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
            |t| outcome(t, t.withdraw(user(SELLER), at(30))),
            ["ticket.withdrawn", "Reserved", "Sold", "-"],
        ),
        ("withdraw by a stranger", |t| outcome(t, t.withdraw(user(STRANGER), at(30))), ["NotYours"; 4]),
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
fn listing_publishes_a_ticket_that_is_available() {
    let decision =
        Ticket::list(ticket_id(), user(SELLER), offer("concert", usd(2_500)), at(10)).expect("listed");
    assert_eq!((decision.next.version, decision.next.status), (1, Status::Available));
    assert_eq!(decision.events, [Event::TicketCreated(decision.next.snapshot())]);
}

#[test]
fn a_ticket_that_has_begun_cannot_be_listed_but_corrected() {
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
    assert_eq!(sold.status, Status::Sold { order, buyer: holder, post_capture: PostCapture::default() });
    let snapshot = reserved.snapshot();
    assert_eq!((snapshot.order_id, snapshot.reserved_until), (Some(order), Some(at(900))));
    let snapshot = sold.snapshot();
    assert_eq!((snapshot.status, snapshot.order_id), (TicketStatus::Sold.into(), Some(order)));
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
        Err(ReserveError::Refused(RefusalReason::PriceChanged))
    );
}

#[test]
fn a_stored_ticket_reads_back_in_every_state() {
    for ticket in in_every_state() {
        let json = serde_json::to_string(&ticket).expect("JSON");
        assert_eq!(serde_json::from_str::<Ticket>(&json).expect("a ticket"), ticket, "{json}");
        let is_sold = matches!(ticket.status, Status::Sold { .. });
        assert_eq!(json.contains("\"aftermath\":"), is_sold, "the stored name: {json}");
    }
}

#[test]
fn a_sold_ticket_records_refunds_and_disputes() {
    let [_, _, sold, _] = in_every_state();
    let latest = |version, refunded, dispute| {
        let order = order(OWN, BUYER, usd(2_500));
        OrderSnapshot { version, refunded, dispute, ..order }
    };
    assert!(sold.record_refund_or_dispute(&latest(4, None, None), at(30)).is_none(), "nothing has moved");
    let refunded = sold.record_refund_or_dispute(&latest(5, Some(usd(900)), None), at(30)).expect("newer");
    assert_eq!(refunded.events[0].subject().as_str(), "ticket.sold");
    let marked = refunded.next;
    assert_eq!((marked.version, marked.post_capture().refunded), (sold.version + 1, Some(usd(900))));
    let disputed = latest(6, Some(usd(900)), Some(DisputeStatus::Open.into()));
    let disputed = marked.record_refund_or_dispute(&disputed, at(31)).expect("newer").next;
    assert_eq!(disputed.post_capture().dispute, Some(DisputeStatus::Open));
    assert!(
        disputed.record_refund_or_dispute(&latest(5, Some(usd(900)), None), at(32)).is_none(),
        "that is older"
    );
    let other = OrderSnapshot { id: order_id(OTHER), ..latest(9, Some(usd(1)), None) };
    assert!(disputed.record_refund_or_dispute(&other, at(33)).is_none(), "that is another order");
}

#[test]
fn texts_are_trimmed_composed_and_bounded() {
    assert_eq!(Title::parse("  Cafe\u{301} ").expect("a title").as_str(), "Café");
    assert_eq!(Title::parse(&"é".repeat(200)).expect("a title").as_str().chars().count(), 200);
    assert_eq!(Title::parse(&"é".repeat(201)), Err(TextError::TooLong(200)));
    assert_eq!(Title::parse("  "), Err(TextError::Empty));
    assert_eq!(Venue::parse(&"v".repeat(201)), Err(TextError::TooLong(200)));
    assert_eq!(Description::parse(&"d".repeat(5_001)), Err(TextError::TooLong(5_000)));
}

#[test]
fn only_a_description_has_several_lines() {
    assert_eq!(Title::parse("a\nb"), Err(TextError::Control));
    assert_eq!(Venue::parse("a\tb"), Err(TextError::Control));
    assert_eq!(Description::parse("a\n\tb").expect("lines").as_str(), "a\n\tb");
    assert_eq!(Description::parse("a\u{0}b"), Err(TextError::Control));
}

#[test]
fn every_currency_has_a_least_price_and_all_share_the_most() {
    for currency in Currency::ALL {
        let price = |amount| Price::parse(Money { amount, currency });
        assert!(
            price(currency.min_price() - 1).is_err() && price(currency.min_price()).is_ok(),
            "{currency}"
        );
        assert!(price(Money::MAX).is_ok() && price(Money::MAX + 1).is_err(), "{currency}");
    }
    let error = Price::parse(Money { amount: 29, currency: Currency::Gbp }).expect_err("too little");
    assert_eq!(error.to_string(), "must be from 30 to 99999999 in minor units of GBP");
}

#[test]
fn a_start_lies_in_the_future_or_stays_as_it_was() {
    let offer = offer("concert", usd(2_500));
    assert_eq!(offer.check_start(None, at(999)), Ok(()));
    assert_eq!(offer.check_start(None, at(1_000)), Err(Refusal::Late));
    assert_eq!(offer.check_start(Some(at(1_000)), at(2_000)), Ok(()));
    assert_eq!(offer.check_start(Some(at(1_001)), at(2_000)), Err(Refusal::Late));
    assert_eq!(Offer { starts_at: None, ..offer }.check_start(Some(at(1)), at(2_000)), Ok(()));
}

#[test]
fn a_refusal_is_published_with_its_reason() {
    let order = order(11, BUYER, usd(2_500));
    for reason in [RefusalReason::TicketUnavailable, RefusalReason::PriceChanged] {
        let decision = OrderTombstone::refused(&order, reason, at(30));
        assert_eq!(decision.next.outcome, Outcome::Refused(reason));
        let refused =
            ReservationRefused { ticket_id: ticket_id(), order_id: order_id(11), reason: reason.into() };
        assert_eq!(decision.events, [Event::TicketReservationRefused(refused)]);
    }
}

#[test]
fn a_cancellation_leaves_a_tombstone_without_an_event() {
    let decision = OrderTombstone::cancelled(&order(11, BUYER, usd(2_500)), at(30));
    assert_eq!((decision.next.order, decision.next.outcome), (order_id(11), Outcome::Cancelled));
    assert!(decision.events.is_empty());
}
