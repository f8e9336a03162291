//! Whatever the order in which events come, and however often, a purchase ends in the same state.

use common::event::{CancelReason, DeadlinePassed, PaymentStatus, TicketStatus};
use common::{Event, OrderId};
use orders::domain::Status;

use crate::desk::Desk;
use crate::samples::{HOLD, payment, seller, then, ticket};

/// Every order of `items`.
fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![vec![]];
    }
    let mut all = Vec::new();
    for (place, first) in items.iter().enumerate() {
        let rest = [&items[..place], &items[place + 1..]].concat();
        all.extend(permutations(&rest).into_iter().map(|tail| [vec![first.clone()], tail].concat()));
    }
    all
}

/// Delivers the events; those that cannot be handled yet come again after the others, as the bus would bring them.
async fn deliver(desk: &Desk, events: &[Event]) {
    let mut left = events.to_vec();
    while !left.is_empty() {
        let mut refused = Vec::new();
        for event in &left {
            if desk.hear(event).await.is_err() {
                refused.push(event.clone());
            }
        }
        assert!(refused.len() < left.len(), "never handled: {refused:?}");
        left = refused;
    }
}

/// How a story begins for an order, apart from the events.
#[derive(Clone, Copy, PartialEq)]
enum Prelude {
    InTime,
    AfterTheDeadline,
    CancelledByBuyer,
}

/// Tells the story in every order of its events, each of them twice.
async fn ends_alike(
    prelude: Prelude,
    story: impl Fn(OrderId) -> Vec<Event>,
    end: Status,
    ticket_end: TicketStatus,
) {
    for events in permutations(&story(crate::samples::id(300))) {
        let (desk, id) = Desk::with_order().await;
        match prelude {
            Prelude::InTime => {}
            Prelude::AfterTheDeadline => desk.clock.advance(HOLD),
            Prelude::CancelledByBuyer => {
                let order = desk.order(id).await;
                desk.commit(order.cancel(order.created_at).expect("allowed").expect("a change")).await;
            }
        }
        deliver(&desk, &events).await;
        deliver(&desk, &events).await;
        let order = desk.order(id).await;
        assert_eq!(order.status, end, "{events:#?}");
        let replica = desk.ticket().await.expect("a replica");
        assert_eq!(replica.status, ticket_end, "{events:#?}");
        assert_last_word(&desk, order.version).await;
    }
}

/// Whoever hears the last announcement knows the final state.
async fn assert_last_word(desk: &Desk, version: u64) {
    let announced = desk.announced().await;
    let last = serde_json::to_value(announced.last().expect("an announcement")).expect("JSON");
    assert_eq!(last["data"]["version"], version);
}

fn authorized(order: OrderId) -> Event {
    Event::PaymentAuthorized(payment(order, PaymentStatus::Authorized))
}

#[tokio::test]
async fn a_purchase_ends_complete() {
    let story = |order| {
        let created = ticket(Desk::ticket_id(), seller());
        let reserved = then(&created, TicketStatus::Reserved, Some(order));
        let sold = then(&reserved, TicketStatus::Sold, Some(order));
        vec![
            Event::TicketCreated(created),
            Event::TicketReserved(reserved),
            authorized(order),
            Event::PaymentCaptured(payment(order, PaymentStatus::Captured)),
            Event::TicketSold(sold),
        ]
    };
    ends_alike(Prelude::InTime, story, Status::Complete, TicketStatus::Sold).await;
}

/// The ticket is locked for the order, then released.
fn locked_and_released(order: OrderId) -> Vec<Event> {
    let reserved = then(&ticket(Desk::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
    let released = then(&reserved, TicketStatus::Available, None);
    vec![Event::TicketReserved(reserved), Event::TicketReleased(released)]
}

#[tokio::test]
async fn a_purchase_that_was_not_paid_in_time_ends_expired() {
    let story = |order| {
        let expires_at = crate::samples::noon();
        let voided = Event::PaymentVoided(payment(order, PaymentStatus::Voided));
        let passed = Event::ExpirationCompleted(DeadlinePassed { order_id: order, expires_at });
        [locked_and_released(order), vec![authorized(order), voided, passed]].concat()
    };
    let end = Status::Cancelled(CancelReason::Expired);
    ends_alike(Prelude::AfterTheDeadline, story, end, TicketStatus::Available).await;
}

#[tokio::test]
async fn a_purchase_that_its_buyer_gave_up_stays_given_up() {
    let story = |order| {
        let voided = Event::PaymentVoided(payment(order, PaymentStatus::Voided));
        let passed = Event::ExpirationCompleted(DeadlinePassed {
            order_id: order,
            expires_at: crate::samples::noon(),
        });
        [locked_and_released(order), vec![authorized(order), voided, passed]].concat()
    };
    let end = Status::Cancelled(CancelReason::ByBuyer);
    ends_alike(Prelude::CancelledByBuyer, story, end, TicketStatus::Available).await;
}

#[tokio::test]
async fn a_purchase_whose_capture_failed_ends_cancelled() {
    let story = |order| {
        let failed = Event::PaymentFailed(payment(order, PaymentStatus::Failed));
        [locked_and_released(order), vec![authorized(order), failed]].concat()
    };
    let end = Status::Cancelled(CancelReason::PaymentFailed);
    ends_alike(Prelude::InTime, story, end, TicketStatus::Available).await;
}
