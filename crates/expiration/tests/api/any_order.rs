//! An order's events end in the same state of its deadline, in any order and delivered any number of times.

use common::Event;
use common::event::{OrderSnapshot, OrderStatus};
use expiration::domain::Status;

use crate::app::{HOLD, TestApp, cancelled, created, held, order_id};

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

#[tokio::test]
async fn the_deadline_of_an_order_that_ended_in_time_never_expires() {
    let app = TestApp::start().await;
    let id = order_id(0);
    let at = |status, version| OrderSnapshot { status, version, ..held(id, HOLD) };
    let paid = vec![
        created(id, HOLD),
        Event::OrderPaymentAccepted(at(OrderStatus::Paying.into(), 3)),
        Event::OrderCompleted(at(OrderStatus::Complete.into(), 4)),
    ];
    let abandoned = vec![created(id, HOLD), cancelled(id, HOLD)];
    let mut number = 0;
    for story in [paid, abandoned] {
        for events in permutations(&story) {
            number += 1;
            let id = order_id(number);
            for event in events.iter().chain(&events) {
                let event = app.service.envelope(id.into(), 1, of_order(event, id));
                assert!(app.service.deliver(event.clone()).await && app.service.deliver(event).await);
            }
            assert_eq!(app.status(id).await, Some(Status::Cancelled), "{events:#?}");
        }
    }
    app.service.clock.advance(HOLD);
    assert_eq!(app.published().await, []);
}

/// The same event of another order.
fn of_order(event: &Event, id: common::OrderId) -> Event {
    let with_id = |order: &OrderSnapshot| OrderSnapshot { id, ..order.clone() };
    match event {
        Event::OrderCreated(order) => Event::OrderCreated(with_id(order)),
        Event::OrderPaymentAccepted(order) => Event::OrderPaymentAccepted(with_id(order)),
        Event::OrderCompleted(order) => Event::OrderCompleted(with_id(order)),
        Event::OrderCancelled(order) => Event::OrderCancelled(with_id(order)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_deadline_that_has_expired_expires_no_more_whatever_comes_later() {
    let app = TestApp::start().await;
    let id = order_id(1);
    app.deliver(id, created(id, HOLD)).await;
    app.service.clock.advance(HOLD);
    assert_eq!(app.published().await.len(), 1);
    for event in [created(id, HOLD), cancelled(id, HOLD), created(id, HOLD)] {
        app.deliver(id, event).await;
    }
    assert_eq!(app.published().await, []);
    assert_eq!(app.status(id).await, Some(Status::Expired));
}
