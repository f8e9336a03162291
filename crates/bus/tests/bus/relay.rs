//! The relay loses nothing, starts in the order of the outbox, and delays no event for another.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::Clock;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::{Harness, RecordingBus, settle};

/// A running relay; a drop is a crash.
struct RunningRelay {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

fn start(harness: &Harness, bus: &Arc<RecordingBus>) -> RunningRelay {
    let stop = CancellationToken::new();
    RunningRelay { tasks: harness.relay(bus.clone(), &stop), stop }
}

#[tokio::test]
async fn an_event_is_published_right_after_its_commit_and_leaves_the_outbox() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    let _running = start(&harness, &bus);
    settle().await;
    harness.commit(1).await;
    settle().await;
    assert_eq!(bus.published(), [(1, 1)]);
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn events_are_published_in_the_order_of_the_outbox_without_a_wait_for_the_former_one() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    bus.blocks.store(true, Ordering::Relaxed);
    let _running = start(&harness, &bus);
    for order in [1, 1, 2, 1] {
        harness.commit(order).await;
    }
    settle().await;
    assert_eq!(bus.published(), [(1, 1), (1, 2), (2, 1), (1, 3)]);
    for left in (0..4).rev() {
        bus.acknowledge();
        settle().await;
        assert_eq!(harness.outbox().await, left);
    }
    assert_eq!(bus.published(), []);
}

#[tokio::test]
async fn what_the_bus_has_not_acknowledged_before_a_crash_is_published_again() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    bus.blocks.store(true, Ordering::Relaxed);
    let running = start(&harness, &bus);
    for order in [1, 1, 2] {
        harness.commit(order).await;
    }
    settle().await;
    assert_eq!(bus.published(), [(1, 1), (1, 2), (2, 1)]);
    bus.acknowledge();
    settle().await;
    drop(running);
    settle().await;
    bus.blocks.store(false, Ordering::Relaxed);
    let _running = start(&harness, &bus);
    settle().await;
    assert_eq!(bus.published(), [(1, 2), (2, 1)]);
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn while_the_bus_is_down_events_wait_and_are_retried_with_backoff() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    bus.down.store(true, Ordering::Relaxed);
    let _running = start(&harness, &bus);
    harness.commit(1).await;
    settle().await;
    let mut attempts = vec![harness.clock.now()];
    while attempts.len() < 20 {
        bus.published();
        let before = harness.clock.now();
        let mut published = Vec::new();
        harness
            .pass_time_until(|| {
                published = bus.published();
                !published.is_empty() && harness.clock.now() > before
            })
            .await;
        assert_eq!(published, [(1, 1)]);
        attempts.push(harness.clock.now());
    }
    let waits: Vec<_> = attempts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[0] >= Duration::from_millis(25) && waits[0] <= Duration::from_millis(50), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(30)), "{waits:?}");
    assert!(waits.iter().rev().take(5).all(|wait| *wait >= Duration::from_secs(15)), "{waits:?}");
    assert_eq!(harness.outbox().await, 1);

    bus.down.store(false, Ordering::Relaxed);
    harness.pass(Duration::from_secs(30)).await;
    assert_eq!(bus.published(), [(1, 1)]);
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn an_aggregate_that_cannot_be_published_does_not_stop_the_others() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    *bus.refuses.lock() = Some(1);
    let _running = start(&harness, &bus);
    for order in std::iter::repeat_n(1, 500).chain([2, 3, 2]) {
        harness.commit(order).await;
    }
    settle().await;
    let others = |published: Vec<(u128, u64)>| published.into_iter().filter(|(order, _)| *order != 1);
    assert!(others(bus.published()).eq([(2, 1), (3, 1), (2, 2)]));
    assert_eq!(harness.outbox().await, 500);

    *bus.refuses.lock() = None;
    let mut published = BTreeSet::new();
    harness
        .pass_time_until(|| {
            published.extend(bus.published());
            published.len() == 500
        })
        .await;
    assert!(published.into_iter().eq((1..=500).map(|version| (1, version))));
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn a_sweep_finds_an_entry_whose_commit_was_not_signaled() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    harness.database.silent.store(true, Ordering::Relaxed);
    let _running = start(&harness, &bus);
    settle().await;
    harness.commit(1).await;
    settle().await;
    assert_eq!(bus.published(), []);
    harness.pass(Duration::from_secs(30)).await;
    assert_eq!(bus.published(), [(1, 1)]);
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn a_sweep_finds_an_entry_that_became_visible_behind_the_cursor() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    harness.database.hides_first.store(true, Ordering::Relaxed);
    let _running = start(&harness, &bus);
    harness.commit(1).await;
    harness.commit(2).await;
    settle().await;
    assert_eq!(bus.published(), [(2, 1)]);
    harness.database.hides_first.store(false, Ordering::Relaxed);
    harness.commit(3).await;
    settle().await;
    assert_eq!(bus.published(), [(3, 1)]);
    harness.pass(Duration::from_secs(30)).await;
    assert_eq!(bus.published(), [(1, 1)]);
    assert_eq!(harness.outbox().await, 0);
}

#[tokio::test]
async fn a_sweep_does_not_publish_again_what_is_in_flight() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    bus.blocks.store(true, Ordering::Relaxed);
    let _running = start(&harness, &bus);
    harness.commit(1).await;
    harness.commit(1).await;
    for _ in 0..3 {
        harness.pass(Duration::from_secs(30)).await;
    }
    assert_eq!(bus.published(), [(1, 1), (1, 2)]);
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_stays_and_stops_nothing() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    harness.commit_poison().await;
    harness.commit(1).await;
    let _running = start(&harness, &bus);
    settle().await;
    harness.commit_poison().await;
    harness.commit(1).await;
    settle().await;
    assert_eq!(bus.published(), [(1, 1), (1, 2)]);
    assert_eq!(harness.outbox().await, 2);
}

#[tokio::test]
async fn at_most_1024_entries_are_in_flight() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    bus.blocks.store(true, Ordering::Relaxed);
    let _running = start(&harness, &bus);
    for order in 0..1500 {
        harness.commit(order).await;
    }
    settle().await;
    assert_eq!(bus.published().len(), 1024);
    for _ in 0..1024 {
        bus.acknowledge();
    }
    settle().await;
    assert_eq!(bus.published().len(), 1500 - 1024);
}

#[tokio::test]
async fn a_stop_waits_for_what_is_in_flight_and_leaves_the_rest() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    bus.blocks.store(true, Ordering::Relaxed);
    let mut running = start(&harness, &bus);
    harness.commit(1).await;
    harness.commit(1).await;
    settle().await;
    running.stop.cancel();
    settle().await;
    harness.commit(1).await;
    bus.acknowledge();
    settle().await;
    assert!(running.tasks.try_join_next().is_none());
    bus.acknowledge();
    running.tasks.join_next().await.expect("a relay").expect("no panic");
    assert_eq!(bus.published(), [(1, 1), (1, 2)]);
    assert_eq!(harness.outbox().await, 1);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    bus.blocks.store(true, Ordering::Relaxed);
    let mut running = start(&harness, &bus);
    harness.commit(1).await;
    settle().await;
    running.stop.cancel();
    harness.pass(Duration::from_secs(5)).await;
    running.tasks.join_next().await.expect("a relay").expect("no panic");
    assert_eq!(harness.outbox().await, 1);
}

#[tokio::test]
async fn a_stop_while_the_bus_is_down_is_prompt() {
    let (harness, bus) = (Harness::new(), Arc::new(RecordingBus::default()));
    bus.down.store(true, Ordering::Relaxed);
    let mut running = start(&harness, &bus);
    harness.commit(1).await;
    settle().await;
    running.stop.cancel();
    running.tasks.join_next().await.expect("a relay").expect("no panic");
    assert_eq!(harness.outbox().await, 1);
}
