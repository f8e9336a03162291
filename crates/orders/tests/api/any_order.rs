//! A purchase ends in the same state in whatever order, and however often, its events are delivered.

use std::time::Duration;

use common::event::{CancelReason, DeadlinePassed, PaymentSnapshot, PaymentStatus, TicketStatus};
use common::{Event, OrderId, Time};
use orders::domain::Status;

use crate::app::TestApp;
use crate::samples::{HOLD, noon, payment, seller, then, ticket};

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

/// Delivers the events, and again those that failed, as the bus does.
async fn deliver(app: &TestApp, events: &[Event]) {
    let mut left = events.to_vec();
    while !left.is_empty() {
        let mut refused = Vec::new();
        for event in &left {
            if app.consume(event).await.is_err() {
                refused.push(event.clone());
            }
        }
        assert!(refused.len() < left.len(), "never handled: {refused:?}");
        left = refused;
    }
}

/// The state of an order before its events.
#[derive(Clone, Copy, PartialEq)]
enum Prelude {
    InTime,
    AfterTheDeadline,
    /// After the deadline, with a payment in progress.
    BeforeTheLastPoll,
    CancelledByBuyer,
}

/// Delivers the events of a story in every order, each twice.
async fn ends_alike(
    prelude: Prelude,
    story: impl Fn(OrderId) -> Vec<Event>,
    end: Status,
    ticket_end: TicketStatus,
) {
    for events in permutations(&story(crate::samples::id(300))) {
        let (app, id) = TestApp::with_order().await;
        match prelude {
            Prelude::InTime => {}
            Prelude::AfterTheDeadline => app.service.clock.advance(HOLD),
            Prelude::BeforeTheLastPoll => {
                let started = payment(id, PaymentStatus::RequiresPayment);
                deliver(&app, &[Event::PaymentStarted(started)]).await;
                app.service.clock.advance(HOLD);
            }
            Prelude::CancelledByBuyer => {
                let order = app.order(id).await;
                app.commit(order.cancel(order.created_at).expect("allowed").expect("a change")).await;
            }
        }
        deliver(&app, &events).await;
        deliver(&app, &events).await;
        let order = app.order(id).await;
        assert_eq!(order.status, end, "{events:#?}");
        let replica = app.replica().await.expect("a replica");
        assert_eq!(replica.status, ticket_end, "{events:#?}");
        assert_published_last(&app, order.version).await;
    }
}

/// The event published last carries the final state.
async fn assert_published_last(app: &TestApp, version: u64) {
    let published = app.published().await;
    let last = serde_json::to_value(published.last().expect("an event")).expect("JSON");
    assert_eq!(last["data"]["version"], version);
}

fn authorized(order: OrderId) -> Event {
    Event::PaymentAuthorized(payment(order, PaymentStatus::Authorized))
}

#[tokio::test]
async fn a_purchase_ends_complete() {
    let story = |order| {
        let created = ticket(TestApp::ticket_id(), seller());
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
    let reserved = then(&ticket(TestApp::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
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

/// The time at which the order was placed.
fn start() -> Time {
    runtime::testing::START.parse().expect("a time")
}

/// A payment that Stripe authorized so long after the deadline.
fn authorized_after(order: OrderId, delay: Duration) -> Event {
    let authorized_at = Some(start().after(HOLD).after(delay));
    Event::PaymentAuthorized(PaymentSnapshot { authorized_at, ..payment(order, PaymentStatus::Authorized) })
}

#[tokio::test]
async fn a_purchase_that_was_authorized_in_time_ends_complete_whatever_arrives_after_the_deadline() {
    let story = |order| {
        let reserved = then(&ticket(TestApp::ticket_id(), seller()), TicketStatus::Reserved, Some(order));
        let sold = then(&reserved, TicketStatus::Sold, Some(order));
        vec![
            Event::TicketReserved(reserved),
            authorized_after(order, Duration::ZERO),
            Event::ExpirationCompleted(DeadlinePassed { order_id: order, expires_at: noon() }),
            Event::PaymentCaptured(payment(order, PaymentStatus::Captured)),
            Event::TicketSold(sold),
        ]
    };
    ends_alike(Prelude::BeforeTheLastPoll, story, Status::Complete, TicketStatus::Sold).await;
}

#[tokio::test]
async fn a_purchase_that_was_authorized_after_its_deadline_ends_expired() {
    let story = |order| {
        let not_authorized = Event::PaymentNotAuthorized(payment(order, PaymentStatus::RequiresPayment));
        let late = authorized_after(order, Duration::from_secs(1));
        let passed = Event::ExpirationCompleted(DeadlinePassed { order_id: order, expires_at: noon() });
        [locked_and_released(order), vec![not_authorized, late, passed]].concat()
    };
    let end = Status::Cancelled(CancelReason::Expired);
    ends_alike(Prelude::BeforeTheLastPoll, story, end, TicketStatus::Available).await;
}

#[tokio::test]
async fn a_purchase_that_its_buyer_cancelled_stays_cancelled() {
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

#[tokio::test]
async fn a_purchase_whose_authorization_ended_before_the_capture_ends_cancelled() {
    let story = |order| {
        let voided = Event::PaymentVoided(payment(order, PaymentStatus::Voided));
        let failed = Event::PaymentFailed(payment(order, PaymentStatus::Failed));
        [locked_and_released(order), vec![authorized(order), voided, failed]].concat()
    };
    let end = Status::Cancelled(CancelReason::PaymentFailed);
    ends_alike(Prelude::InTime, story, end, TicketStatus::Available).await;
}
