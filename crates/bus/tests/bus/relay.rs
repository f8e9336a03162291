//! The relay loses nothing, keeps the order of an aggregate, and holds nobody up for another.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::Relay;
use common::Clock;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::{NotingBus, World, settle};

/// A running relay; dropping it is a crash.
struct Running {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

fn start(world: &World, bus: &Arc<NotingBus>) -> Running {
    let clock = Arc::new(world.clock.clone());
    let relay = Relay::new("tests", world.database.clone(), bus.clone(), clock, world.ids.clone());
    let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
    tasks.spawn(relay.run(stop.clone()));
    Running { tasks, stop }
}

#[tokio::test]
async fn an_event_is_published_right_after_its_commit_and_leaves_the_outbox() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    let _running = start(&world, &bus);
    settle().await;
    world.commit(1).await;
    settle().await;
    assert_eq!(bus.heard(), [(1, 1)]);
    assert_eq!(world.outbox().await, 0);
}

#[tokio::test]
async fn the_next_event_of_an_aggregate_waits_for_the_acknowledgement_of_the_former() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    bus.holds.store(true, Ordering::Relaxed);
    let _running = start(&world, &bus);
    for order in [1, 1, 2, 1] {
        world.commit(order).await;
    }
    settle().await;
    assert_eq!(bus.heard(), [(1, 1), (2, 1)]);
    bus.acknowledge();
    settle().await;
    assert_eq!(bus.heard(), [(1, 2)]);
    assert_eq!(world.outbox().await, 3);
    for _ in 0..3 {
        bus.acknowledge();
        settle().await;
    }
    assert_eq!(bus.heard(), [(1, 3)]);
    assert_eq!(world.outbox().await, 0);
}

#[tokio::test]
async fn what_the_bus_took_before_a_crash_is_published_again_and_the_rest_for_the_first_time() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    bus.holds.store(true, Ordering::Relaxed);
    let running = start(&world, &bus);
    for order in [1, 1, 2] {
        world.commit(order).await;
    }
    settle().await;
    assert_eq!(bus.heard(), [(1, 1), (2, 1)]);
    drop(running);
    settle().await;
    bus.holds.store(false, Ordering::Relaxed);
    let _running = start(&world, &bus);
    settle().await;
    let mut heard = bus.heard();
    assert!(
        heard.iter().position(|event| *event == (1, 1)) < heard.iter().position(|event| *event == (1, 2))
    );
    heard.sort_unstable();
    assert_eq!(heard, [(1, 1), (1, 2), (2, 1)]);
    assert_eq!(world.outbox().await, 0);
}

#[tokio::test]
async fn while_the_bus_is_down_events_wait_and_are_tried_ever_more_seldom() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    bus.down.store(true, Ordering::Relaxed);
    let _running = start(&world, &bus);
    world.commit(1).await;
    world.commit(1).await;
    settle().await;
    let mut tries = vec![world.clock.now()];
    while tries.len() < 20 {
        bus.heard();
        let before = world.clock.now();
        let mut heard = Vec::new();
        world
            .pass_time_until(|| {
                heard = bus.heard();
                !heard.is_empty() && world.clock.now() > before
            })
            .await;
        assert_eq!(heard, [(1, 1)]);
        tries.push(world.clock.now());
    }
    let waits: Vec<_> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(waits[0] >= Duration::from_millis(25) && waits[0] <= Duration::from_millis(50), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(30)), "{waits:?}");
    assert!(waits.iter().rev().take(5).all(|wait| *wait >= Duration::from_secs(15)), "{waits:?}");
    assert_eq!(world.outbox().await, 2);

    bus.down.store(false, Ordering::Relaxed);
    world.pass(Duration::from_secs(30)).await;
    assert_eq!(bus.heard(), [(1, 1), (1, 2)]);
    assert_eq!(world.outbox().await, 0);
}

#[tokio::test]
async fn an_aggregate_that_cannot_be_published_does_not_stop_the_others() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    *bus.refuses.lock() = Some(1);
    let _running = start(&world, &bus);
    for order in std::iter::repeat_n(1, 2000).chain([2, 3, 2]) {
        world.commit(order).await;
    }
    settle().await;
    assert_eq!(bus.heard(), [(1, 1), (2, 1), (3, 1), (2, 2)]);
    assert_eq!(world.outbox().await, 2000);

    *bus.refuses.lock() = None;
    let mut heard = Vec::new();
    world
        .pass_time_until(|| {
            heard.extend(bus.heard());
            heard.len() == 2000
        })
        .await;
    assert!(
        heard.iter().enumerate().all(|(place, (order, version))| *order == 1 && *version == place as u64 + 1)
    );
    assert_eq!(world.outbox().await, 0);
}

#[tokio::test]
async fn a_sweep_finds_what_was_never_announced() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    world.database.silent.store(true, Ordering::Relaxed);
    let _running = start(&world, &bus);
    settle().await;
    world.commit(1).await;
    settle().await;
    assert_eq!(bus.heard(), []);
    world.pass(Duration::from_secs(30)).await;
    assert_eq!(bus.heard(), [(1, 1)]);
    assert_eq!(world.outbox().await, 0);
}

#[tokio::test]
async fn a_sweep_finds_what_became_visible_behind_what_was_read() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    world.database.hides_first.store(true, Ordering::Relaxed);
    let _running = start(&world, &bus);
    world.commit(1).await;
    world.commit(2).await;
    settle().await;
    assert_eq!(bus.heard(), [(2, 1)]);
    world.database.hides_first.store(false, Ordering::Relaxed);
    world.commit(3).await;
    settle().await;
    assert_eq!(bus.heard(), [(3, 1)]);
    world.pass(Duration::from_secs(30)).await;
    assert_eq!(bus.heard(), [(1, 1)]);
    assert_eq!(world.outbox().await, 0);
}

#[tokio::test]
async fn a_sweep_does_not_publish_again_what_is_on_its_way() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    bus.holds.store(true, Ordering::Relaxed);
    let _running = start(&world, &bus);
    world.commit(1).await;
    world.commit(1).await;
    for _ in 0..3 {
        world.pass(Duration::from_secs(30)).await;
    }
    assert_eq!(bus.heard(), [(1, 1)]);
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_stays_and_stops_nothing() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    world.commit_poison().await;
    world.commit(1).await;
    let _running = start(&world, &bus);
    settle().await;
    world.commit_poison().await;
    world.commit(1).await;
    settle().await;
    assert_eq!(bus.heard(), [(1, 1), (1, 2)]);
    assert_eq!(world.outbox().await, 2);
}

#[tokio::test]
async fn at_most_1024_entries_are_on_their_way() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    bus.holds.store(true, Ordering::Relaxed);
    let _running = start(&world, &bus);
    for order in 0..1500 {
        world.commit(order).await;
    }
    settle().await;
    assert_eq!(bus.heard().len(), 1024);
    for _ in 0..1024 {
        bus.acknowledge();
    }
    settle().await;
    assert_eq!(bus.heard().len(), 1500 - 1024);
}

#[tokio::test]
async fn a_stop_waits_for_what_is_on_its_way_and_leaves_the_rest() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    bus.holds.store(true, Ordering::Relaxed);
    let mut running = start(&world, &bus);
    world.commit(1).await;
    world.commit(1).await;
    settle().await;
    running.stop.cancel();
    settle().await;
    assert!(running.tasks.try_join_next().is_none());
    bus.acknowledge();
    running.tasks.join_next().await.expect("a relay").expect("no panic");
    assert_eq!(bus.heard(), [(1, 1)]);
    assert_eq!(world.outbox().await, 1);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    bus.holds.store(true, Ordering::Relaxed);
    let mut running = start(&world, &bus);
    world.commit(1).await;
    settle().await;
    running.stop.cancel();
    world.pass(Duration::from_secs(5)).await;
    running.tasks.join_next().await.expect("a relay").expect("no panic");
    assert_eq!(world.outbox().await, 1);
}

#[tokio::test]
async fn a_stop_while_the_bus_is_down_is_prompt() {
    let (world, bus) = (World::new(), Arc::new(NotingBus::default()));
    bus.down.store(true, Ordering::Relaxed);
    let mut running = start(&world, &bus);
    world.commit(1).await;
    settle().await;
    running.stop.cancel();
    running.tasks.join_next().await.expect("a relay").expect("no panic");
    assert_eq!(world.outbox().await, 1);
}
