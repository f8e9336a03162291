//! The consumer loop: order, retries, timeouts and limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::{ConsumeError, Incoming, Limits};
use common::{Clock, Time};
use futures::FutureExt;
use futures::future::{BoxFuture, pending, ready};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::support::{Harness, Published, RunningConsumer, settle};

/// The time, order and version of each attempt.
type Attempts = Arc<Mutex<Vec<(Time, u128, u64)>>>;

/// A consumer that handles events in this way, and its attempts.
fn recording(
    harness: &Harness,
    limits: Limits,
    handle: impl Fn(&Incoming, Time) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static,
) -> (RunningConsumer, Attempts) {
    let (clock, attempts) = (harness.clock.clone(), Attempts::default());
    let recorded = Arc::clone(&attempts);
    let consumer = RunningConsumer::start(harness, limits, move |incoming| {
        let (event, now) = (&incoming.envelope, clock.now());
        recorded.lock().push((now, event.aggregate.as_u128(), event.version));
        handle(&incoming, now)
    });
    (consumer, attempts)
}

fn waits(attempts: &Attempts) -> Vec<Duration> {
    attempts.lock().windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
}

#[tokio::test]
async fn an_event_that_fails_is_tried_ten_times_with_backoff_and_then_kept_with_the_reason() {
    let harness = Harness::new();
    let (consumer, attempts) = recording(&harness, Limits::default(), |_, _| {
        ready(Err(ConsumeError::failed("the seat map is upside down"))).boxed()
    });
    let event = harness.event(1, 1);
    let published = consumer.publish(&event);
    harness.pass_time_until(|| published.is_done()).await;

    let waits = waits(&attempts);
    assert_eq!(waits.len(), 9);
    for (failures, wait) in waits.iter().enumerate() {
        let max = Duration::from_millis(50 << failures);
        assert!(*wait >= max / 2 && *wait <= max, "{waits:?}");
    }
    let letters = harness.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].event.envelope().as_ref(), Ok(&*event));
    assert_eq!(letters[0].consumer, "tests");
    assert_eq!(letters[0].reason, "the seat map is upside down");
    assert_eq!(letters[0].attempts, 10);
    assert_eq!(letters[0].failed_at, harness.clock.now());
    assert!(!letters[0].replay_requested);
    assert_eq!(published.succeeded(), Some(true));
}

#[tokio::test]
async fn a_panic_is_a_failure_like_any_other() {
    let harness = Harness::new();
    let consumer = RunningConsumer::start(&harness, Limits::default(), |incoming: Incoming| {
        // Once before the first await and from then on behind it.
        assert!(incoming.envelope.version != 1, "no seat of version {}", incoming.envelope.version);
        async { panic!("no seat at all") }.boxed()
    });
    let (early, late) = (consumer.publish(&harness.event(1, 1)), consumer.publish(&harness.event(2, 2)));
    harness.pass_time_until(|| early.is_done() && late.is_done()).await;
    let letters = harness.letters().await;
    let mut reasons: Vec<_> = letters.iter().map(|letter| letter.reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(
        reasons,
        ["the handler panicked: no seat at all", "the handler panicked: no seat of version 1"]
    );
}

#[tokio::test]
async fn a_handler_that_hangs_is_dropped_after_30_seconds_and_tried_again() {
    let harness = Harness::new();
    let limits = Limits { max_attempts: 3, ..Limits::default() };
    let (consumer, attempts) = recording(&harness, limits, |_, _| pending().boxed());
    let published = consumer.publish(&harness.event(1, 1));
    harness.pass_time_until(|| published.is_done()).await;
    for wait in waits(&attempts) {
        assert!(wait > Duration::from_secs(30) && wait <= Duration::from_millis(30_100), "{wait:?}");
    }
    let letters = harness.letters().await;
    assert_eq!(letters[0].reason, "the handler did not finish within 30s");
    assert_eq!(letters[0].attempts, 3);
}

#[tokio::test]
async fn an_unavailable_dependency_is_retried_without_a_limit() {
    let (harness, outages) = (Harness::new(), AtomicUsize::new(0));
    let (consumer, attempts) = recording(&harness, Limits::default(), move |_, _| {
        let is_down = outages.fetch_add(1, Ordering::Relaxed) < 100;
        ready(if is_down { Err(ConsumeError::Unavailable("it is down".into())) } else { Ok(()) }).boxed()
    });
    let published = consumer.publish(&harness.event(1, 1));
    harness.pass_time_until(|| published.is_done()).await;
    let waits = waits(&attempts);
    assert_eq!(waits.len(), 100);
    assert!(waits[0] <= Duration::from_millis(50), "{waits:?}");
    assert!(waits[20..].iter().all(|wait| *wait >= Duration::from_secs(15)), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(30)), "{waits:?}");
    assert_eq!(harness.letters().await, []);
}

#[tokio::test]
async fn an_event_to_retry_later_is_retried_exactly_then_and_carries_its_first_attempt() {
    let harness = Harness::new();
    let began = harness.clock.now();
    let (consumer, attempts) = recording(&harness, Limits::default(), move |incoming, now| {
        assert_eq!(incoming.first_attempt_at, began);
        let is_early = now - began < Duration::from_secs(5);
        ready(if is_early { Err(ConsumeError::RetryLater(Duration::from_millis(250))) } else { Ok(()) })
            .boxed()
    });
    let published = consumer.publish(&harness.event(1, 1));
    harness.pass_time_until(|| published.is_done()).await;
    assert_eq!(waits(&attempts), [Duration::from_millis(250); 20]);
    assert_eq!(harness.letters().await, []);
}

#[tokio::test]
async fn while_one_aggregate_waits_its_later_events_wait_too_and_all_others_go_on() {
    let (harness, second) = (Harness::new(), Duration::from_secs(1));
    // A waiting event takes no permit.
    let limits = Limits { max_concurrent: 1, ..Limits::default() };
    let (consumer, attempts) = recording(&harness, limits, move |incoming, now| {
        let waits = incoming.envelope.aggregate.as_u128() == 1 && now - incoming.first_attempt_at < second;
        ready(if waits { Err(ConsumeError::RetryLater(second)) } else { Ok(()) }).boxed()
    });
    let published: Vec<_> = [(1, 1), (1, 2), (2, 1), (3, 1), (2, 2)]
        .into_iter()
        .map(|(order, version)| consumer.publish(&harness.event(order, version)))
        .collect();
    settle().await;
    let began = harness.clock.now();
    let so_far: Vec<_> = attempts.lock().drain(..).map(|(_, order, version)| (order, version)).collect();
    assert_eq!(so_far.iter().filter(|(order, _)| *order == 1).collect::<Vec<_>>(), [&(1, 1)]);
    assert_eq!(so_far.iter().filter(|(order, _)| *order == 2).collect::<Vec<_>>(), [&(2, 1), &(2, 2)]);
    assert!(so_far.contains(&(3, 1)));

    harness.pass_time_until(|| published.iter().all(Published::is_done)).await;
    let (one, two) = (began.after(second), began.after(2 * second));
    assert_eq!(*attempts.lock(), [(one, 1, 1), (one, 1, 2), (two, 1, 2)]);
}

#[tokio::test]
async fn two_thousand_events_that_wait_delay_no_other() {
    let (harness, waiting) = (Harness::new(), Arc::new(AtomicUsize::new(0)));
    let counted = waiting.clone();
    let consumer = RunningConsumer::start(&harness, Limits::default(), move |incoming| {
        let waits = incoming.envelope.version == 1;
        counted.fetch_add(waits.into(), Ordering::Relaxed);
        async move { if waits { Err(ConsumeError::RetryLater(Duration::from_secs(1))) } else { Ok(()) } }
            .boxed()
    });
    let _waiting: Vec<_> = (0..2000).map(|order| consumer.publish(&harness.event(order, 1))).collect();
    settle().await;
    assert_eq!(waiting.load(Ordering::Relaxed), 2000);
    let other = consumer.publish(&harness.event(5000, 2));
    settle().await;
    assert!(other.is_done(), "without any time that passes");
}

#[tokio::test]
async fn a_handler_runs_under_the_trace_of_its_event() {
    let (harness, seen) = (Harness::new(), Arc::new(Mutex::new(None)));
    let recorded = Arc::clone(&seen);
    let consumer = RunningConsumer::start(&harness, Limits::default(), move |_| {
        let recorded = Arc::clone(&recorded);
        async move {
            *recorded.lock() = common::trace::current();
            Ok(())
        }
        .boxed()
    });
    let mut event = (*harness.event(1, 1)).clone();
    event.trace = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    let published = consumer.publish(&Arc::new(event.clone()));
    harness.pass_time_until(|| published.is_done()).await;
    assert_eq!(*seen.lock(), event.trace);
}

#[tokio::test]
async fn no_more_handlers_run_and_no_more_events_are_buffered_than_allowed() {
    for (limits, max) in [
        (Limits::default(), 64),
        (Limits { max_concurrent: 3, ..Limits::default() }, 3),
        (Limits { max_concurrent: 8, max_buffered: 5, ..Limits::default() }, 5),
    ] {
        let (harness, gate) = (Harness::new(), Arc::new(Semaphore::new(0)));
        let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (opened, counted, highest) = (gate.clone(), running.clone(), peak.clone());
        let consumer = RunningConsumer::start(&harness, limits, move |_| {
            let (opened, counted, highest) = (opened.clone(), counted.clone(), highest.clone());
            async move {
                highest.fetch_max(counted.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                opened.acquire().await.expect("open").forget();
                counted.fetch_sub(1, Ordering::Relaxed);
                Ok(())
            }
            .boxed()
        });
        let published: Vec<_> = (0..200).map(|order| consumer.publish(&harness.event(order, 1))).collect();
        settle().await;
        assert_eq!(running.load(Ordering::Relaxed), max);
        gate.add_permits(200);
        harness.pass_time_until(|| published.iter().all(Published::is_done)).await;
        assert_eq!(peak.load(Ordering::Relaxed), max);
    }
}
