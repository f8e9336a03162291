//! Dead letters: kept before anything is acknowledged, and handled again on request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bus::{ConsumeError, DeadLetter, Incoming, Limits};
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::support::{Listening, World, settle};

/// A handler that fails while `broken`, and notes the versions that it has handled.
#[derive(Clone, Default)]
struct Mended {
    broken: Arc<AtomicBool>,
    tries: Arc<AtomicUsize>,
    handled: Arc<Mutex<Vec<u64>>>,
}

impl Mended {
    fn handler(
        &self,
    ) -> impl Fn(Incoming) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static {
        let mended = self.clone();
        move |incoming| {
            let tries = mended.tries.fetch_add(1, Ordering::Relaxed);
            if mended.broken.load(Ordering::Relaxed) {
                return async move { Err(ConsumeError::failed(format!("broken at try {tries}"))) }.boxed();
            }
            mended.handled.lock().push(incoming.envelope.version);
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

async fn letters(world: &World) -> Vec<DeadLetter> {
    DeadLetter::list(&world.store).await.expect("listed")
}

/// A world in which one event was given up, and its handler, still broken.
async fn with_one_dead_letter(limits: Limits) -> (World, Mended, Listening, DeadLetter) {
    let (world, mended) = (World::new(), Mended::default());
    mended.broken.store(true, Ordering::Relaxed);
    let listening = Listening::start(&world, limits, mended.handler());
    let published = listening.publish(&world.event(1, 1));
    world.pass_time_until(|| published.is_done()).await;
    let letter = letters(&world).await.pop().expect("a dead letter");
    (world, mended, listening, letter)
}

#[tokio::test]
async fn a_dead_letter_is_handled_again_on_request_and_goes_when_that_succeeds() {
    let (world, mended, _listening, letter) = with_one_dead_letter(limits()).await;
    mended.broken.store(false, Ordering::Relaxed);
    world.pass(limits().replay_interval).await;
    assert!(mended.handled().is_empty(), "nobody asked for it");

    assert!(DeadLetter::request_replay(&world.store, letter.id).await.expect("asked"));
    assert!(letters(&world).await[0].replay_requested);
    world.pass(limits().replay_interval).await;
    assert_eq!(mended.handled(), [1]);
    assert_eq!(letters(&world).await, []);
}

#[tokio::test]
async fn a_replay_that_fails_again_says_why_and_waits_for_another_request() {
    let (world, mended, _listening, letter) = with_one_dead_letter(limits()).await;
    assert_eq!(letter.reason, "broken at try 1");
    DeadLetter::request_replay(&world.store, letter.id).await.expect("asked");
    world.pass_time_until(|| mended.tries.load(Ordering::Relaxed) == 4).await;
    settle().await;
    let again = letters(&world).await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].id, again[0].attempts), (letter.id, 4));
    assert_eq!(again[0].reason, "broken at try 3");
    assert!(again[0].failed_at > letter.failed_at);
    assert!(!again[0].replay_requested);

    for _ in 0..3 {
        world.pass(limits().replay_interval).await;
    }
    assert_eq!(mended.tries.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_replay_that_takes_longer_than_the_next_look_is_not_begun_twice() {
    let limits = Limits { replay_interval: Duration::from_millis(1), ..limits() };
    let (world, mended, _listening, letter) = with_one_dead_letter(limits).await;
    DeadLetter::request_replay(&world.store, letter.id).await.expect("asked");
    world.pass_time_until(|| mended.tries.load(Ordering::Relaxed) == 4).await;
    for _ in 0..100 {
        world.pass(Duration::from_millis(1)).await;
    }
    assert_eq!(mended.tries.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn a_request_outlives_the_process() {
    let (world, mended, listening, letter) = with_one_dead_letter(limits()).await;
    drop(listening);
    DeadLetter::request_replay(&world.store, letter.id).await.expect("asked");
    mended.broken.store(false, Ordering::Relaxed);
    let _listening = Listening::start(&world, limits(), mended.handler());
    settle().await;
    assert_eq!(mended.handled(), [1]);
    assert_eq!(letters(&world).await, []);
}

#[tokio::test]
async fn a_replay_waits_its_turn_behind_an_event_of_the_same_aggregate() {
    let (world, mended) = (World::new(), Mended::default());
    mended.broken.store(true, Ordering::Relaxed);
    let mends = mended.handler();
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let opened = gate.clone();
    let listening = Listening::start(&world, limits(), move |incoming| {
        let (second, opened) = (incoming.envelope.version == 2, opened.clone());
        let handling = mends(incoming);
        async move {
            if second {
                opened.acquire().await.expect("open").forget();
            }
            handling.await
        }
        .boxed()
    });
    let first = listening.publish(&world.event(1, 1));
    world.pass_time_until(|| first.is_done()).await;
    let letter = letters(&world).await.pop().expect("a dead letter");
    mended.broken.store(false, Ordering::Relaxed);

    let second = listening.publish(&world.event(1, 2));
    settle().await;
    DeadLetter::request_replay(&world.store, letter.id).await.expect("asked");
    world.pass(limits().replay_interval).await;
    assert_eq!(mended.handled(), [2]);
    gate.add_permits(1);
    settle().await;
    assert_eq!(mended.handled(), [2, 1]);
    assert!(second.is_done());
}

#[tokio::test]
async fn an_event_given_up_twice_is_one_dead_letter() {
    let (world, _mended, listening, letter) = with_one_dead_letter(limits()).await;
    let again = listening.publish(&Arc::new(letter.event.clone()));
    world.pass_time_until(|| again.is_done()).await;
    let letters = letters(&world).await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].id, letters[0].attempts), (letter.id, 4));
}

#[tokio::test]
async fn an_event_is_not_acknowledged_before_its_dead_letter_is_stored() {
    let (world, mended) = (World::new(), Mended::default());
    mended.broken.store(true, Ordering::Relaxed);
    world.database.refuses.store(true, Ordering::Relaxed);
    let listening = Listening::start(&world, limits(), mended.handler());
    let published = listening.publish(&world.event(1, 1));
    for _ in 0..100 {
        world.pass(Duration::from_secs(30)).await;
    }
    assert!(!published.is_done());
    assert_eq!(mended.tries.load(Ordering::Relaxed), 2);
    world.database.refuses.store(false, Ordering::Relaxed);
    world.pass_time_until(|| published.is_done()).await;
    assert_eq!(letters(&world).await.len(), 1);
}

#[tokio::test]
async fn the_replay_of_an_unknown_dead_letter_is_refused() {
    let world = World::new();
    assert!(!DeadLetter::request_replay(&world.store, Uuid::from_u128(7)).await.expect("asked"));
}
