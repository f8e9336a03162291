//! Many purchases at once, every card and every fault at random, from a seed: whatever happens, both promises hold. And
//! the same without what keeps them: then the storm must notice.

mod aftermath;
mod controls;
mod dice;
mod late_bus;
mod network;
mod purchase;
mod remote_database;
mod seen;
mod storm;
mod weather;

use crate::seen::Seen;
use crate::storm::{Lacking, storm};

/// As many as see everything for certain.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_both_promises_hold() {
    let seen = Seen::default();
    for seed in SEEDS {
        let (audit, faults) = storm(seed, Lacking::Nothing, &seen).await;
        assert!(faults.is_empty(), "seed {seed}:\n{}", faults.join("\n"));
        assert_eq!(audit.open, 0, "seed {seed}: {audit:?}");
    }
    let missed = seen.missed();
    assert!(missed.is_empty(), "the storm has become weaker; it did not see: {missed:#?}");
}
