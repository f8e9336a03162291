//! Deliveries that nobody finished.

use std::sync::Arc;

use bus::{Bus, DeadLetter, Delivery, Limits};
use common::clock::SystemClock;
use common::poll_until;
use store::Store;
use store::sqlite::SqliteBackend;

use crate::support::{DEADLINES, Ends, Marketplace, Running, envelope, ids, next, publish};

/// Takes the next delivery and dies without a word about it.
async fn take_and_die(marketplace: &Marketplace, consumer: &'static str) -> Delivery {
    let bus = marketplace.process().await;
    let delivery = next(&mut bus.subscribe(consumer, DEADLINES)).await;
    bus.close().await;
    delivery
}

#[tokio::test]
async fn what_a_dead_process_held_comes_to_another() {
    let marketplace = Marketplace::new().impatient();
    let (bus, event) = (marketplace.process().await, envelope());
    publish(&*bus, &event).await;
    for times in 1..=2 {
        let lost = take_and_die(&marketplace, "deadlines").await;
        assert_eq!((&lost.envelope, lost.deliveries), (&event, times));
    }
    let delivery = next(&mut bus.subscribe("deadlines", DEADLINES)).await;
    assert_eq!((&delivery.envelope, delivery.deliveries), (&event, 3));
    marketplace.end().await;
}

#[tokio::test]
async fn what_is_given_back_comes_again_only_after_a_while_and_lets_others_pass() {
    let marketplace = Marketplace::new();
    let (bus, again, other) = (marketplace.process().await, envelope(), envelope());
    let mut deliveries = bus.subscribe("deadlines", DEADLINES);
    publish(&*bus, &again).await;
    for times in 1..=5 {
        let delivery = next(&mut deliveries).await;
        assert_eq!((&delivery.envelope, delivery.deliveries), (&again, times));
    }
    // It was given back before this was published.
    publish(&*bus, &other).await;
    assert_eq!(next(&mut deliveries).await.envelope, other);
    marketplace.end().await;
}

#[tokio::test]
async fn what_a_process_still_works_on_is_not_given_to_another() {
    let marketplace = Marketplace::new().impatient();
    let (bus, slow, last) = (marketplace.process().await, envelope(), envelope());
    let mut deliveries = bus.subscribe("deadlines", DEADLINES);
    publish(&*bus, &slow).await;
    let at_work = next(&mut deliveries).await;
    // What dead processes held has come back twice: that is how long the server waits for those who say nothing.
    for times in 1..=3 {
        assert_eq!(take_and_die(&marketplace, "witness").await.deliveries, times);
    }
    at_work.ack();
    publish(&*bus, &last).await;
    let delivery = next(&mut deliveries).await;
    assert_eq!((&delivery.envelope, delivery.deliveries), (&last, 1));
    delivery.ack();
    marketplace.until("deadlines", |info| info.num_ack_pending == 0).await;
    let info = marketplace.consumer("deadlines").await.expect("it is durable");
    assert_eq!(info.delivered.consumer_sequence, 2, "each was delivered once");
    marketplace.end().await;
}

#[tokio::test]
async fn an_event_that_kills_every_process_becomes_a_dead_letter() {
    let marketplace = Marketplace::new().impatient();
    let backend = SqliteBackend::in_memory().expect("a database");
    let store = Store::new(backend, Arc::new(SystemClock), ids());
    let (bus, poison, harmless) = (marketplace.process().await, envelope(), envelope());
    let limits = Limits { max_deliveries: 3, ..Limits::default() };
    publish(&*bus, &poison).await;
    for _ in 0..limits.max_deliveries {
        let process = marketplace.process().await;
        let mut running = Running::start(process, &store, limits, Ends::Never);
        assert_eq!(running.begun().await, poison);
        running.die().await;
    }
    let mut running = Running::start(marketplace.process().await, &store, limits, Ends::AtOnce);
    let buried = || async { DeadLetter::list(&store).await.map(|letters| letters.into_iter().next()) };
    let minute = std::time::Duration::from_mins(1);
    let letter = poll_until(minute, buried).await.expect("listed").expect("it is given up");
    assert_eq!((letter.event, letter.attempts), ((*poison).clone(), 3));
    assert_eq!(letter.reason, "it was delivered 3 times, and no process lived to say what became of it");
    publish(&*bus, &harmless).await;
    assert_eq!(running.begun().await, harmless, "the poison was not tried again");
    running.stop().await;
    let info = marketplace.consumer("deadlines").await.expect("it is durable");
    assert_eq!(info.num_ack_pending, 0);
    marketplace.end().await;
}
