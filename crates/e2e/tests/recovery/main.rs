//! The restore of one service's database from a backup that was made while people traded, and its recovery.

mod agreement;
mod history;
mod marketplace;
mod stories;

use e2e::Rng;

use crate::agreement::assert_agreement;
use crate::history::Trade;
use crate::marketplace::Restorable;

/// The seeds of one service.
const SEEDS: std::ops::Range<u64> = 0..3;

/// Trades, makes a backup, trades on, restores and recovers one service, and trades again.
async fn restore_and_recover(service: &'static str, seed: u64) {
    let rng = Rng::new(seed);
    let (mut marketplace, world) = Restorable::start(seed).await;
    for name in ["ann", "bob", "cleo", "dan"] {
        world.person(name).await;
    }
    let trade = Trade::new(&rng);
    for _ in 0..8 + rng.below(8) {
        trade.step(&world).await;
    }
    marketplace.back_up(service);
    for _ in 0..10 + rng.below(10) {
        trade.step(&world).await;
    }
    world.settle().await;
    let before = history::ended_orders(&world).await;

    marketplace.stop(world).await;
    marketplace.restore(service);
    let summary = marketplace.recover(service).await;
    assert!(summary.refused.is_empty(), "{service}, seed {seed}: {summary} {:?}", summary.refused);
    // Notifications has no aggregate of its own.
    let changed = if service == "notifications" { summary.applied } else { summary.raised };
    assert!(changed > 0, "{service}, seed {seed}: {summary}");

    let world = marketplace.start_again().await;
    history::sign_in(&world).await;
    world.settle().await;
    history::assert_still_ended(&world, &before).await;
    for _ in 0..6 {
        trade.step(&world).await;
    }
    history::end_all_orders(&world).await;
    assert_agreement(&world).await;
    let audit = world.finish().await;
    assert!(audit.complete > 0, "{service}, seed {seed}: {audit:?}");
}

/// A test for each service.
macro_rules! tests {
    ($($name:ident: $service:literal;)+) => {$(
        #[tokio::test]
        async fn $name() {
            for seed in SEEDS {
                restore_and_recover($service, seed).await;
            }
        }
    )+};
}

tests! {
    a_restored_auth_ends_every_session_and_nothing_else: "auth";
    a_restored_tickets_is_recovered_from_orders: "tickets";
    a_restored_orders_is_recovered_from_the_other_services: "orders";
    a_restored_expiration_is_recovered_from_orders: "expiration";
    a_restored_payments_is_recovered_from_orders_and_stripe: "payments";
    a_restored_notifications_is_recovered_from_auth: "notifications";
}
