//! A stop of the consumer loop loses no event and does not wait forever.

use std::sync::Arc;
use std::time::Duration;

use bus::{ConsumeError, Limits};
use futures::FutureExt;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::support::{Harness, RunningConsumer, settle};

#[tokio::test]
async fn a_running_handler_is_finished_and_its_event_acknowledged() {
    let (harness, gate) = (Harness::new(), Arc::new(Semaphore::new(0)));
    let opened = gate.clone();
    let mut consumer = RunningConsumer::start(&harness, Limits::default(), move |_| {
        let opened = opened.clone();
        async move {
            opened.acquire().await.expect("open").forget();
            Ok(())
        }
        .boxed()
    });
    let (running, queued) = (consumer.publish(&harness.event(1, 1)), consumer.publish(&harness.event(1, 2)));
    settle().await;
    consumer.stop.cancel();
    settle().await;
    assert!(!consumer.has_ended());
    let late = consumer.publish(&harness.event(2, 1));
    gate.add_permits(10);
    consumer.ended().await;
    settle().await;
    assert_eq!(running.succeeded(), Some(true));
    assert_eq!(queued.succeeded(), Some(false), "the event stays in the outbox");
    assert_eq!(late.succeeded(), Some(false), "nothing new is taken");
}

#[tokio::test]
async fn an_event_that_waits_for_another_try_is_left_to_the_bus_at_once() {
    let harness = Harness::new();
    let mut consumer = RunningConsumer::start(&harness, Limits::default(), |_| {
        async { Err(ConsumeError::RetryLater(Duration::from_hours(1))) }.boxed()
    });
    let waiting = consumer.publish(&harness.event(1, 1));
    settle().await;
    consumer.stop.cancel();
    consumer.ended().await;
    settle().await;
    assert_eq!(waiting.succeeded(), Some(false));
}

#[tokio::test]
async fn a_handler_that_hangs_does_not_keep_the_process() {
    let (harness, dropped) = (Harness::new(), CancellationToken::new());
    let limits = Limits { stop_timeout: Duration::from_secs(10), ..Limits::default() };
    let of_handler = dropped.clone();
    let mut consumer = RunningConsumer::start(&harness, limits, move |_| {
        let guard = of_handler.clone().drop_guard();
        async move {
            let _guard = guard;
            std::future::pending().await
        }
        .boxed()
    });
    let hanging = consumer.publish(&harness.event(1, 1));
    settle().await;
    consumer.stop.cancel();
    harness.pass(Duration::from_millis(9_999)).await;
    assert!(!consumer.has_ended() && !dropped.is_cancelled());
    harness.pass(Duration::from_millis(1)).await;
    consumer.ended().await;
    settle().await;
    assert!(dropped.is_cancelled());
    assert_eq!(hanging.succeeded(), Some(false));
}
