//! The upgrade of a service's documents: a job at the start, and again at an interval, since processes of an older release
//! may still write during a rolling upgrade.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use common::{SharedClock, Time};
use store::{Store, StoreError, Verifier};
use tokio_util::sync::CancellationToken;

use crate::unreadable::COMMON_DOCUMENTS;
use crate::{PeriodicJob, Worker};

/// Between two runs: the longest time for which a document lacks the keys of this release after an older one wrote it.
const INTERVAL: Duration = Duration::from_mins(10);

/// The worker that upgrades these collections and those that every service has.
pub(crate) fn worker(store: Store, documents: &'static [Verifier], clock: SharedClock) -> Worker {
    let job = UpgradeJob { store, documents, clock: Arc::clone(&clock), next_run: Arc::default() };
    Worker::periodic(job, clock)
}

#[derive(Clone)]
struct UpgradeJob {
    store: Store,
    documents: &'static [Verifier],
    clock: SharedClock,
    /// The time of the next run, in milliseconds since 1970; 0 before the first.
    next_run: Arc<AtomicI64>,
}

impl PeriodicJob for UpgradeJob {
    const NAME: &'static str = "upgrade";
    const RETRY_DELAY: Duration = Duration::from_secs(10);
    type Error = StoreError;

    async fn run(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        for documents in self.documents.iter().chain(&COMMON_DOCUMENTS) {
            self.upgrade(*documents, stop).await?;
        }
        let next = self.clock.now().after(INTERVAL);
        self.next_run.store(next.as_millis(), Ordering::SeqCst);
        Ok(next)
    }

    async fn is_idle(&self) -> bool {
        self.clock.now().as_millis() < self.next_run.load(Ordering::SeqCst)
    }
}

impl UpgradeJob {
    async fn upgrade(&self, documents: Verifier, stop: &CancellationToken) -> Result<(), StoreError> {
        let collection = documents.collection;
        let mut found_any = false;
        let progress = self.store.upgrade(documents, |progress| {
            if !found_any {
                tracing::info!(collection, format = documents.format, "stored documents are upgraded");
            }
            found_any = true;
            tracing::debug!(collection, rewritten = progress.rewritten, left = progress.left, "upgrading");
            !stop.is_cancelled()
        });
        let progress = progress.await?;
        if found_any && !stop.is_cancelled() {
            let (rewritten, left) = (progress.rewritten, progress.left);
            tracing::info!(
                collection,
                format = documents.format,
                rewritten,
                left,
                "stored documents were upgraded"
            );
        }
        Ok(())
    }
}
