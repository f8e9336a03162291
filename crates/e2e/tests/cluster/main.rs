//! The cluster: disruptions while users trade and the invariants afterwards, streams that lose what they have stored, the
//! invariants' own tests, and single services at their start and on the command line.

mod checker;
mod client;
mod dead_letters;
mod disruptions;
mod emptied_streams;
mod proxy;
mod restore;
mod schedule;
mod startup;
mod streams;
mod workload;

use tokio::sync::{Semaphore, SemaphorePermit};

/// Clusters at the same time: each waits for most of its time, and more would only take each other's processors.
const MAX_CLUSTERS: usize = 2;

/// A permit to run a cluster.
async fn permit() -> SemaphorePermit<'static> {
    static PERMITS: Semaphore = Semaphore::const_new(MAX_CLUSTERS);
    PERMITS.acquire().await.expect("it is never closed")
}
