use std::collections::BTreeSet;
use std::time::Duration;

use common::event::DeadlinePassed;
use common::{Event, OrderId};
use expiration::domain::{Deadline, Status};
use runtime::ServiceContext;
use runtime::testing::{TestService, context};

use crate::samples::{HOLD, cancelled, created, held, order_id, start, status};

/// The orders whose deadlines were announced since the last call; none twice.
async fn fired(service: &TestService) -> BTreeSet<OrderId> {
    let announced = service.published().await;
    let orders: BTreeSet<_> = announced
        .iter()
        .map(|event| match &event.event {
            Event::ExpirationCompleted(DeadlinePassed { order_id, .. }) => *order_id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(orders.len(), announced.len(), "one was announced twice");
    orders
}

/// Keeps so many deadlines, one millisecond apart, the first of them due after `hold`.
async fn keep(context: &ServiceContext, hold: Duration, count: u64) {
    for number in 0..count {
        let order = held(order_id(number.into()), hold + Duration::from_millis(number));
        let decision = Deadline::keep(None, &order, start()).expect("kept");
        context.store.collection().commit(decision).await.expect("committed");
    }
}

#[tokio::test]
async fn a_deadline_fires_when_its_time_has_come_and_not_before() {
    let service = TestService::start(expiration::service).await;
    let id = order_id(1);
    assert!(service.receive(id.into(), 1, created(id, HOLD)).await);
    let instant = Duration::from_millis(1);
    service.clock.advance(HOLD.saturating_sub(instant));
    assert_eq!(fired(&service).await, BTreeSet::new());
    service.clock.advance(instant);
    let announced = service.published().await;
    let [event] = &announced[..] else { panic!("{announced:?}") };
    let passed = DeadlinePassed { order_id: id, expires_at: start().after(HOLD) };
    assert_eq!((&event.event, event.aggregate), (&Event::ExpirationCompleted(passed), id.into()));
    assert_eq!(status(&service.context, id).await, Some(Status::Fired));
}

#[tokio::test]
async fn a_deadline_that_arrives_before_a_later_one_is_not_slept_through() {
    let service = TestService::start(expiration::service).await;
    let (later, sooner, past) = (order_id(1), order_id(2), order_id(3));
    assert!(service.receive(later.into(), 1, created(later, Duration::from_millis(900))).await);
    service.settle().await;
    assert!(service.receive(sooner.into(), 1, created(sooner, Duration::from_millis(300))).await);
    assert!(service.receive(past.into(), 1, created(past, Duration::ZERO)).await);
    assert_eq!(fired(&service).await, [past].into());
    service.clock.advance(Duration::from_millis(300));
    assert_eq!(fired(&service).await, [sooner].into());
    service.clock.advance(Duration::from_millis(600));
    assert_eq!(fired(&service).await, [later].into());
}

#[tokio::test]
async fn a_dropped_deadline_is_silent() {
    let service = TestService::start(expiration::service).await;
    let id = order_id(1);
    for event in [created(id, HOLD), cancelled(id, HOLD)] {
        assert!(service.receive(id.into(), 1, event).await);
    }
    service.clock.advance(HOLD * 2);
    assert_eq!(fired(&service).await, BTreeSet::new());
    assert_eq!(status(&service.context, id).await, Some(Status::Dropped));
}

#[tokio::test]
async fn deadlines_that_passed_while_nobody_ran_fire_at_the_start() {
    let (clock, context) = context();
    keep(&context, HOLD, 300).await;
    clock.advance(HOLD * 3);
    let service = expiration::service(&context);
    let service = TestService::start_on(clock, context, service, None).await;
    assert_eq!(fired(&service).await.len(), 300);
}

#[tokio::test]
async fn a_deadline_that_another_replica_kept_is_found_soon() {
    let service = TestService::start(expiration::service).await;
    service.settle().await;
    keep(&service.context, Duration::from_millis(200), 1).await;
    // Nobody rang; the worker's nap ends within a second.
    service.clock.advance(Duration::from_secs(1));
    assert_eq!(fired(&service).await, [order_id(0)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_fire_each_deadline_once() {
    let (clock, context) = context();
    keep(&context, HOLD, 500).await;
    let (one, other) = (expiration::service(&context), expiration::service(&context));
    let one = TestService::start_on(clock.clone(), context.clone(), one, None).await;
    // The other one's workers alone, so that everything is announced through one relay.
    let stop = tokio_util::sync::CancellationToken::new();
    let others =
        futures::future::join_all(other.workers.into_iter().map(|worker| (worker.run)(stop.clone())));
    clock.advance(HOLD * 2);
    let (fired, _) = tokio::join!(
        async {
            let fired = fired(&one).await;
            stop.cancel();
            fired
        },
        others
    );
    assert_eq!(fired.len(), 500);
}
