use std::collections::BTreeSet;
use std::time::Duration;

use common::Event;
use common::event::DeadlinePassed;
use expiration::domain::{Deadline, Status};
use runtime::testing::{context, edit};

use crate::app::{HOLD, TestApp, cancelled, created, order_id, schedule, start};

#[tokio::test]
async fn a_deadline_expires_when_its_time_has_come_and_not_before() {
    let app = TestApp::start().await;
    let id = order_id(1);
    app.deliver(id, created(id, HOLD)).await;
    let instant = Duration::from_millis(1);
    app.service.clock.advance(HOLD.saturating_sub(instant));
    assert_eq!(app.expired().await, BTreeSet::new());
    app.service.clock.advance(instant);
    let published = app.published().await;
    let [event] = &published[..] else { panic!("{published:?}") };
    let passed = DeadlinePassed { order_id: id, expires_at: start().after(HOLD) };
    assert_eq!((&event.event, event.aggregate), (&Event::ExpirationCompleted(passed), id.into()));
    assert_eq!(app.status(id).await, Some(Status::Expired));
}

#[tokio::test]
async fn a_deadline_that_arrives_before_a_later_one_is_not_slept_through() {
    let app = TestApp::start().await;
    let (later, sooner, past) = (order_id(1), order_id(2), order_id(3));
    app.deliver(later, created(later, Duration::from_millis(900))).await;
    app.service.settle().await;
    app.deliver(sooner, created(sooner, Duration::from_millis(300))).await;
    app.deliver(past, created(past, Duration::ZERO)).await;
    assert_eq!(app.expired().await, [past].into());
    app.service.clock.advance(Duration::from_millis(300));
    assert_eq!(app.expired().await, [sooner].into());
    app.service.clock.advance(Duration::from_millis(600));
    assert_eq!(app.expired().await, [later].into());
}

#[tokio::test]
async fn a_cancelled_deadline_is_silent() {
    let app = TestApp::start().await;
    let id = order_id(1);
    for event in [created(id, HOLD), cancelled(id, HOLD)] {
        app.deliver(id, event).await;
    }
    app.service.clock.advance(HOLD * 2);
    assert_eq!(app.expired().await, BTreeSet::new());
    assert_eq!(app.status(id).await, Some(Status::Cancelled));
}

#[tokio::test]
async fn deadlines_that_passed_while_no_replica_ran_expire_at_the_start() {
    let (clock, context) = context();
    schedule(&context, HOLD, 300).await;
    clock.advance(HOLD * 3);
    let app = TestApp::start_on(clock, context).await;
    assert_eq!(app.expired().await.len(), 300);
}

#[tokio::test]
async fn a_deadline_that_another_replica_stored_is_found_soon() {
    let app = TestApp::start().await;
    app.service.settle().await;
    schedule(&app.service.context, Duration::from_millis(200), 1).await;
    // Without a wake signal, the worker's next run starts within a second.
    app.service.clock.advance(Duration::from_secs(1));
    assert_eq!(app.expired().await, [order_id(0)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_expire_each_deadline_once() {
    let (clock, context) = context();
    schedule(&context, HOLD, 500).await;
    let other = expiration::service(&context);
    let app = TestApp::start_on(clock.clone(), context).await;
    // Of the other replica only the workers run, so that one relay publishes everything.
    let stop = tokio_util::sync::CancellationToken::new();
    let others =
        futures::future::join_all(other.workers.into_iter().map(|worker| (worker.run)(stop.clone())));
    clock.advance(HOLD * 2);
    let (expired, _) = tokio::join!(
        async {
            let expired = app.expired().await;
            stop.cancel();
            expired
        },
        others
    );
    assert_eq!(expired.len(), 500);
}

#[tokio::test]
async fn an_ended_deadline_is_purged_after_a_day_and_a_pending_one_never() {
    let app = TestApp::start().await;
    let (abandoned, expires, pending) = (order_id(1), order_id(2), order_id(3));
    let week = Duration::from_hours(7 * 24);
    for (id, event) in [
        (abandoned, created(abandoned, HOLD)),
        (abandoned, cancelled(abandoned, HOLD)),
        (expires, created(expires, HOLD)),
        (pending, created(pending, week)),
    ] {
        app.deliver(id, event).await;
    }
    app.service.clock.advance(HOLD);
    app.service.settle().await;
    let stored = async || [app.status(abandoned).await, app.status(expires).await, app.status(pending).await];
    let before = [Some(Status::Cancelled), Some(Status::Expired), Some(Status::Pending)];
    app.service.clock.advance(Duration::from_hours(23));
    app.service.settle().await;
    assert_eq!(stored().await, before);
    app.service.clock.advance(Duration::from_hours(2));
    app.service.settle().await;
    assert_eq!(stored().await, [None, None, Some(Status::Pending)]);
}

#[tokio::test]
async fn deadlines_with_a_status_of_a_newer_release_stop_no_other() {
    let (clock, context) = context();
    schedule(&context, HOLD, 300).await;
    for number in 0..280 {
        edit::<Deadline>(&context.store, order_id(number), |state| state["status"] = "on-hold".into()).await;
    }
    clock.advance(HOLD * 3);
    let app = TestApp::start_on(clock, context).await;
    assert_eq!(app.expired().await, (280..300).map(order_id).collect());
    let late = order_id(1000);
    app.deliver(late, created(late, Duration::from_secs(1))).await;
    app.service.clock.advance(Duration::from_hours(1));
    assert_eq!(app.expired().await, [late].into());
    edit::<Deadline>(&app.service.context.store, order_id(0), |state| state["status"] = "pending".into())
        .await;
    app.service.clock.advance(Duration::from_mins(1));
    assert_eq!(app.expired().await, [order_id(0)].into());
}

#[tokio::test]
async fn ended_deadlines_of_a_newer_release_stop_no_purge() {
    let app = TestApp::start().await;
    for number in 0..3 {
        let id = order_id(number);
        app.deliver(id, created(id, HOLD)).await;
        app.deliver(id, cancelled(id, HOLD)).await;
    }
    edit::<Deadline>(&app.service.context.store, order_id(0), |state| state["status"] = "on-hold".into())
        .await;
    app.service.clock.advance(Duration::from_hours(25));
    app.service.settle().await;
    assert_eq!(app.status(order_id(1)).await, None);
    assert_eq!(app.status(order_id(2)).await, None);
}
