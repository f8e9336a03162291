//! In whatever order an order's events come, and however often, its deadline ends in the same state.

use common::event::{OrderSnapshot, OrderStatus};
use common::{Envelope, Event};
use expiration::domain::Status;
use runtime::testing::TestService;

use crate::samples::{HOLD, cancelled, created, held, order_id, status};

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
async fn the_deadline_of_an_order_that_ended_in_time_never_fires() {
    let service = TestService::start(expiration::service).await;
    let id = order_id(0);
    let at = |status, version| OrderSnapshot { status, version, ..held(id, HOLD) };
    let paid = vec![
        created(id, HOLD),
        Event::OrderPaymentAccepted(at(OrderStatus::Paying, 3)),
        Event::OrderCompleted(at(OrderStatus::Complete, 4)),
    ];
    let given_up = vec![created(id, HOLD), cancelled(id, HOLD)];
    let mut number = 0;
    for story in [paid, given_up] {
        for events in permutations(&story) {
            number += 1;
            let id = order_id(number);
            for event in events.iter().chain(&events) {
                let event = of_order(event, id);
                let event: Envelope = service.envelope(id.into(), 1, event);
                assert!(service.deliver(event.clone()).await && service.deliver(event).await);
            }
            assert_eq!(status(&service.context, id).await, Some(Status::Dropped), "{events:#?}");
        }
    }
    service.clock.advance(HOLD);
    assert_eq!(service.published().await, []);
}

/// The same about another order.
fn of_order(event: &Event, id: common::OrderId) -> Event {
    let told = |order: &OrderSnapshot| OrderSnapshot { id, ..order.clone() };
    match event {
        Event::OrderCreated(order) => Event::OrderCreated(told(order)),
        Event::OrderPaymentAccepted(order) => Event::OrderPaymentAccepted(told(order)),
        Event::OrderCompleted(order) => Event::OrderCompleted(told(order)),
        Event::OrderCancelled(order) => Event::OrderCancelled(told(order)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_deadline_that_has_fired_fires_no_more_whatever_comes_later() {
    let service = TestService::start(expiration::service).await;
    let id = order_id(1);
    assert!(service.receive(id.into(), 1, created(id, HOLD)).await);
    service.clock.advance(HOLD);
    assert_eq!(service.published().await.len(), 1);
    for event in [created(id, HOLD), cancelled(id, HOLD), created(id, HOLD)] {
        assert!(service.receive(id.into(), 2, event).await);
    }
    assert_eq!(service.published().await, []);
    assert_eq!(status(&service.context, id).await, Some(Status::Fired));
}
