//! Dead letters: kept before the acknowledgement, and replayed on request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bus::{ConsumeError, DeadLetter, Incoming, Limits};
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::support::{Harness, RunningConsumer, settle};

/// A handler that fails while `broken`, and records the versions that it has handled.
#[derive(Clone, Default)]
struct FlakyHandler {
    broken: Arc<AtomicBool>,
    attempts: Arc<AtomicUsize>,
    handled: Arc<Mutex<Vec<u64>>>,
}

impl FlakyHandler {
    fn handler(
        &self,
    ) -> impl Fn(Incoming) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static {
        let flaky = self.clone();
        move |incoming| {
            let attempts = flaky.attempts.fetch_add(1, Ordering::Relaxed);
            if flaky.broken.load(Ordering::Relaxed) {
                return async move { Err(ConsumeError::failed(format!("broken at attempt {attempts}"))) }
                    .boxed();
            }
            flaky.handled.lock().push(incoming.envelope.version);
            async { Ok(()) }.boxed()
        }
    }

    fn handled(&self) -> Vec<u64> {
        self.handled.lock().clone()
    }
}

/// Two attempts, so that little time passes.
fn limits() -> Limits {
    Limits { max_attempts: 2, ..Limits::default() }
}

/// A harness with one dead letter, and its handler, still broken.
async fn with_one_dead_letter(limits: Limits) -> (Harness, FlakyHandler, RunningConsumer, DeadLetter) {
    let (harness, flaky) = (Harness::new(), FlakyHandler::default());
    flaky.broken.store(true, Ordering::Relaxed);
    let consumer = RunningConsumer::start(&harness, limits, flaky.handler());
    let published = consumer.publish(&harness.event(1, 1));
    harness.pass_time_until(|| published.is_done()).await;
    let letter = harness.letters().await.pop().expect("a dead letter");
    (harness, flaky, consumer, letter)
}

#[tokio::test]
async fn a_dead_letter_is_handled_again_on_request_and_goes_when_that_succeeds() {
    let (harness, flaky, _consumer, letter) = with_one_dead_letter(limits()).await;
    flaky.broken.store(false, Ordering::Relaxed);
    harness.pass(limits().replay_interval).await;
    assert!(flaky.handled().is_empty(), "no replay was requested");

    assert!(DeadLetter::request_replay(&harness.store, letter.id).await.expect("asked"));
    assert!(harness.letters().await[0].replay_requested);
    harness.pass(limits().replay_interval).await;
    assert_eq!(flaky.handled(), [1]);
    assert_eq!(harness.letters().await, []);
}

#[tokio::test]
async fn a_replay_that_fails_again_stores_the_reason_and_waits_for_another_request() {
    let (harness, flaky, _consumer, letter) = with_one_dead_letter(limits()).await;
    assert_eq!(letter.reason, "broken at attempt 1");
    DeadLetter::request_replay(&harness.store, letter.id).await.expect("asked");
    harness.pass_time_until(|| flaky.attempts.load(Ordering::Relaxed) == 4).await;
    settle().await;
    let again = harness.letters().await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].id, again[0].attempts), (letter.id, 4));
    assert_eq!(again[0].reason, "broken at attempt 3");
    assert!(again[0].failed_at > letter.failed_at);
    assert!(!again[0].replay_requested);

    for _ in 0..3 {
        harness.pass(limits().replay_interval).await;
    }
    assert_eq!(flaky.attempts.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_replay_that_takes_longer_than_the_poll_interval_is_not_begun_twice() {
    let limits = Limits { replay_interval: Duration::from_millis(1), ..limits() };
    let (harness, flaky, _consumer, letter) = with_one_dead_letter(limits).await;
    DeadLetter::request_replay(&harness.store, letter.id).await.expect("asked");
    harness.pass_time_until(|| flaky.attempts.load(Ordering::Relaxed) == 4).await;
    for _ in 0..100 {
        harness.pass(Duration::from_millis(1)).await;
    }
    assert_eq!(flaky.attempts.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_request_outlives_the_process() {
    let (harness, flaky, consumer, letter) = with_one_dead_letter(limits()).await;
    drop(consumer);
    DeadLetter::request_replay(&harness.store, letter.id).await.expect("asked");
    flaky.broken.store(false, Ordering::Relaxed);
    let _consumer = RunningConsumer::start(&harness, limits(), flaky.handler());
    settle().await;
    assert_eq!(flaky.handled(), [1]);
    assert_eq!(harness.letters().await, []);
}

#[tokio::test]
async fn a_replay_waits_its_turn_behind_an_event_of_the_same_aggregate() {
    let (harness, flaky) = (Harness::new(), FlakyHandler::default());
    flaky.broken.store(true, Ordering::Relaxed);
    let handle = flaky.handler();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let opened = gate.clone();
    let consumer = RunningConsumer::start(&harness, limits(), move |incoming| {
        let (second, opened) = (incoming.envelope.version == 2, opened.clone());
        let handling = handle(incoming);
        async move {
            if second {
                opened.acquire().await.expect("open").forget();
            }
            handling.await
        }
        .boxed()
    });
    let first = consumer.publish(&harness.event(1, 1));
    harness.pass_time_until(|| first.is_done()).await;
    let letter = harness.letters().await.pop().expect("a dead letter");
    flaky.broken.store(false, Ordering::Relaxed);

    let second = consumer.publish(&harness.event(1, 2));
    settle().await;
    DeadLetter::request_replay(&harness.store, letter.id).await.expect("asked");
    harness.pass(limits().replay_interval).await;
    assert_eq!(flaky.handled(), [2]);
    gate.add_permits(1);
    settle().await;
    assert_eq!(flaky.handled(), [2, 1]);
    assert!(second.is_done());
}

#[tokio::test]
async fn an_event_whose_reattempts_are_exhausted_twice_is_one_dead_letter() {
    let (harness, _mended, consumer, letter) = with_one_dead_letter(limits()).await;
    let again = consumer.publish(&Arc::new(letter.event.envelope().expect("readable")));
    harness.pass_time_until(|| again.is_done()).await;
    let letters = harness.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].id, letters[0].attempts), (letter.id, 4));
}

#[tokio::test]
async fn an_event_is_not_acknowledged_before_its_dead_letter_is_stored() {
    let (harness, flaky) = (Harness::new(), FlakyHandler::default());
    flaky.broken.store(true, Ordering::Relaxed);
    harness.database.refuses.store(true, Ordering::Relaxed);
    let consumer = RunningConsumer::start(&harness, limits(), flaky.handler());
    let published = consumer.publish(&harness.event(1, 1));
    for _ in 0..100 {
        harness.pass(Duration::from_secs(30)).await;
    }
    assert!(!published.is_done());
    assert_eq!(flaky.attempts.load(Ordering::Relaxed), 2);
    harness.database.refuses.store(false, Ordering::Relaxed);
    harness.pass_time_until(|| published.is_done()).await;
    assert_eq!(harness.letters().await.len(), 1);
}

#[tokio::test]
async fn the_replay_of_an_unknown_dead_letter_is_refused() {
    let harness = Harness::new();
    assert!(!DeadLetter::request_replay(&harness.store, Uuid::from_u128(7)).await.expect("asked"));
}
