//! The cluster under faults: processes killed, paused and cut off while people trade, and what must hold afterwards.

mod bad_input;
mod checker;
mod client;
mod dead_letters;
mod faults;
mod rolling;
mod schedule;
mod shopping;
mod wire;

use tokio::sync::{Mutex, MutexGuard};

/// Clusters at the same time would only take each other's processors.
async fn one_at_a_time() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}
