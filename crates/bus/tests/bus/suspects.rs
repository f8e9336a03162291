//! Events that were delivered often: what they may have done to a process, they shall not do for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bus::{ConsumeError, ConsumerLoop, DeadLetter, Incoming, Subscription};
use common::event::Subject;
use futures::FutureExt;
use futures::future::BoxFuture;
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::{GivenBus, Handler, World};

/// The consumer `tests` on this bus; dropping it is a crash.
fn consume(
    world: &World,
    bus: &GivenBus,
    handler: impl Fn(Incoming) -> BoxFuture<'static, Result<(), ConsumeError>> + Send + Sync + 'static,
) -> JoinSet<()> {
    let subscription = Subscription {
        consumer: "tests",
        subjects: &[Subject::ExpirationCompleted],
        handler: Arc::new(Handler(handler)),
    };
    let (clock, ids) = (Arc::new(world.clock.clone()), world.ids.clone());
    let consumers = ConsumerLoop::new(subscription, bus, world.store.clone(), clock, ids);
    let mut running = JoinSet::new();
    running.spawn(consumers.run(CancellationToken::new()));
    running
}

#[tokio::test]
async fn what_came_more_than_20_times_is_a_dead_letter_without_another_attempt() {
    let (world, tried) = (World::new(), Arc::new(Mutex::new(Vec::new())));
    let (last, over) = (world.event(1, 1), world.event(2, 1));
    let bus = GivenBus::new([(last.clone(), 20), (over.clone(), 21)]);
    let noted = Arc::clone(&tried);
    let _running = consume(&world, &bus, move |incoming| {
        noted.lock().push(incoming.envelope);
        async { Ok(()) }.boxed()
    });
    world.pass_time_until(|| bus.acknowledged() == 2).await;
    assert_eq!(*tried.lock(), [last]);
    let letters = DeadLetter::list(&world.store).await.expect("listed");
    assert_eq!(letters.len(), 1);
    assert_eq!((&letters[0].event, letters[0].attempts), (&*over, 20));
    assert_eq!(letters[0].reason, "it was delivered 20 times, and no process lived to say what became of it");
}

#[tokio::test]
async fn suspects_are_tried_one_at_a_time_in_any_order_and_hold_up_nobody_else() {
    let (world, tried) = (World::new(), Arc::new(Mutex::new(Vec::new())));
    let suspects = (0..50).map(|order| (world.event(order, 1), 4));
    let others = (50..60).map(|order| (world.event(order, 1), 3));
    let bus = GivenBus::new(suspects.chain(others).collect::<Vec<_>>());
    let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest, noted) = (Arc::clone(&running), Arc::clone(&peak), Arc::clone(&tried));
    let _running = consume(&world, &bus, move |incoming| {
        let order = incoming.envelope.aggregate.as_u128();
        let (counted, highest, noted) = (counted.clone(), highest.clone(), noted.clone());
        async move {
            if order < 50 {
                highest.fetch_max(counted.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                counted.fetch_sub(1, Ordering::Relaxed);
            }
            noted.lock().push(order);
            Ok(())
        }
        .boxed()
    });
    world.pass_time_until(|| bus.acknowledged() == 60).await;
    assert_eq!(peak.load(Ordering::Relaxed), 1);
    let tried = tried.lock();
    assert_eq!(tried[..10], (50..60).collect::<Vec<_>>(), "the others did not wait");
    assert!(!tried[10..].is_sorted(), "the order is left to chance: {tried:?}");
}
