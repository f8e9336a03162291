//! In whatever order an order's events come, and however often, its deadline ends in the same state.

use common::event::{OrderSnapshot, OrderStatus};
use common::{Envelope, Fact};
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
        Fact::OrderPaymentAccepted(at(OrderStatus::Paying, 3)),
        Fact::OrderCompleted(at(OrderStatus::Complete, 4)),
    ];
    let given_up = vec![created(id, HOLD), cancelled(id, HOLD)];
    let mut number = 0;
    for story in [paid, given_up] {
        for facts in permutations(&story) {
            number += 1;
            let id = order_id(number);
            for fact in facts.iter().chain(&facts) {
                let fact = of_order(fact, id);
                let event: Envelope = service.envelope(id.into(), 1, fact);
                assert!(service.deliver(event.clone()).await && service.deliver(event).await);
            }
            assert_eq!(status(&service.kit, id).await, Some(Status::Dropped), "{facts:#?}");
        }
    }
    service.clock.advance(HOLD);
    assert_eq!(service.announced().await, []);
}

/// The same about another order.
fn of_order(fact: &Fact, id: common::OrderId) -> Fact {
    let told = |order: &OrderSnapshot| OrderSnapshot { id, ..order.clone() };
    match fact {
        Fact::OrderCreated(order) => Fact::OrderCreated(told(order)),
        Fact::OrderPaymentAccepted(order) => Fact::OrderPaymentAccepted(told(order)),
        Fact::OrderCompleted(order) => Fact::OrderCompleted(told(order)),
        Fact::OrderCancelled(order) => Fact::OrderCancelled(told(order)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_deadline_that_has_fired_fires_no_more_whatever_comes_later() {
    let service = TestService::start(expiration::service).await;
    let id = order_id(1);
    assert!(service.hear(id.into(), 1, created(id, HOLD)).await);
    service.clock.advance(HOLD);
    assert_eq!(service.announced().await.len(), 1);
    for fact in [created(id, HOLD), cancelled(id, HOLD), created(id, HOLD)] {
        assert!(service.hear(id.into(), 2, fact).await);
    }
    assert_eq!(service.announced().await, []);
    assert_eq!(status(&service.kit, id).await, Some(Status::Fired));
}
