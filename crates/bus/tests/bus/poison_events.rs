//! Poison events: an event that may have crashed a process is not retried forever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bus::Limits;
use futures::FutureExt;
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::support::{Harness, ScriptedBus, consume};

#[tokio::test]
async fn an_event_delivered_more_than_20_times_is_a_dead_letter_without_another_attempt() {
    let (harness, tried) = (Harness::new(), Arc::new(Mutex::new(Vec::new())));
    let (last, over) = (harness.event(1, 1), harness.event(2, 1));
    let bus = ScriptedBus::new([(last.clone(), 20), (over.clone(), 21)]);
    let noted = Arc::clone(&tried);
    let _running = consume(&harness, &bus, Limits::default(), &CancellationToken::new(), move |incoming| {
        noted.lock().push(incoming.envelope);
        async { Ok(()) }.boxed()
    });
    harness.pass_time_until(|| bus.acknowledged() == 2).await;
    assert_eq!(*tried.lock(), [last]);
    let letters = harness.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].event.envelope().as_ref(), letters[0].attempts), (Ok(&*over), 20));
    assert_eq!(
        letters[0].reason,
        "delivered 20 times without an acknowledgement; handling it may crash the process"
    );
}

#[tokio::test]
async fn poison_candidates_are_tried_one_at_a_time_in_any_order_and_delay_no_others() {
    let (harness, tried) = (Harness::new(), Arc::new(Mutex::new(Vec::new())));
    let candidates = (0..50).map(|order| (harness.event(order, 1), 4));
    let others = (50..60).map(|order| (harness.event(order, 1), 3));
    let bus = ScriptedBus::new(candidates.chain(others).collect::<Vec<_>>());
    let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest, noted) = (Arc::clone(&running), Arc::clone(&peak), Arc::clone(&tried));
    let _running = consume(&harness, &bus, Limits::default(), &CancellationToken::new(), move |incoming| {
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
    harness.pass_time_until(|| bus.acknowledged() == 60).await;
    assert_eq!(peak.load(Ordering::Relaxed), 1);
    let tried = tried.lock();
    assert_eq!(tried[..10], (50..60).collect::<Vec<_>>(), "the others did not wait");
    assert!(!tried[10..].is_sorted(), "the order is random: {tried:?}");
}
