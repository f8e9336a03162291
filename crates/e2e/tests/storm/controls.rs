//! The same storm without one of the things that keep the promises must find a promise broken: else it would prove
//! nothing.

use crate::seen::Seen;
use crate::storm::{Lacking, storm};

/// In how many storms it must be found at the latest. The first finds it, as far as anybody has seen.
const MOST_STORMS: u64 = 4;

/// Fails unless a storm breaks this promise, in these words.
async fn breaks(lacking: Lacking, words: &str) {
    let mut others = Vec::new();
    for seed in 1..=MOST_STORMS {
        let (_, faults) = storm(seed, lacking, &Seen::default()).await;
        if faults.iter().any(|fault| fault.contains(words)) {
            return;
        }
        others.extend(faults);
    }
    panic!("without {lacking:?}, {MOST_STORMS} storms found no more than this:\n{}", others.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_fence_money_is_taken_for_an_order_that_is_over() {
    breaks(Lacking::Fence, "is \"cancelled\", and money was taken 1 times").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_idempotency_keys_a_payment_is_created_twice() {
    breaks(Lacking::IdempotencyKeys, "was created at Stripe 2 times").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_version_check_a_ticket_goes_without_its_money() {
    breaks(Lacking::VersionCheck, "is \"complete\", and money was taken 0 times").await;
}
