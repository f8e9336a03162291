//! The cluster: disruptions while users trade and the invariants afterwards, streams that lose what they have stored, the
//! invariants' own tests, and single services at their start and on the command line.

mod checker;
mod client;
mod cost;
mod dead_letters;
mod disruptions;
mod emptied_streams;
mod metrics;
mod proxy;
mod restore;
mod schedule;
mod startup;
mod streams;
mod workload;

use tokio::sync::{Mutex, MutexGuard};

/// Clusters at the same time would only take each other's processors.
async fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}
