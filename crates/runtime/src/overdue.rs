//! Anti-entropy: decides on documents whose consequence is overdue, perhaps because an event was lost.
//!
//! A document that awaits an event has an entry in an index, ordered by the time when the event is overdue. The commit that
//! the event causes removes the entry. So a consequence that is not overdue costs an entry, and no commit and no event.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use common::{Decision, SharedClock, Time, error_chain};
use futures::stream::{self, StreamExt, TryStreamExt};
use metrics::counter;
use store::{Collection, CommitError, Document, Range, StoreError};
use tokio_util::sync::CancellationToken;

use crate::{PeriodicJob, Worker};

/// A decision on the overdue documents of one collection. Every replica may run it: compare-and-swap decides.
pub trait Overdue: Clone + Send + Sync + 'static {
    /// The type of the documents.
    type Document: Document;

    /// The index that is ordered by [`Self::due`].
    const INDEX: &'static str;

    /// The collection.
    fn collection(&self) -> &Collection<Self::Document>;

    /// When the document is overdue. Returns `None` if it awaits nothing.
    fn due(document: &Self::Document) -> Option<Time>;

    /// Decides on an overdue document. The next state is overdue later, or awaits nothing.
    fn decide(
        &self,
        document: &Self::Document,
        now: Time,
    ) -> impl Future<Output = Result<Option<Decision<Self::Document>>, StoreError>> + Send;

    /// Called after the commit of a decision, for metrics.
    fn committed(&self, _before: &Self::Document, _after: &Self::Document) {}

    /// The worker that runs this job.
    fn worker(self, clock: SharedClock) -> Worker {
        // Registered here, so that an alert sees its first increment.
        counter!("republished_total", "collection" => Self::Document::COLLECTION).increment(0);
        Worker::periodic(OverdueJob { overdue: self, clock: clock.clone(), next_run: Arc::default() }, clock)
    }
}

#[derive(Clone)]
struct OverdueJob<O> {
    overdue: O,
    clock: SharedClock,
    /// The time of the next run, in milliseconds since 1970; 0 before the first.
    next_run: Arc<AtomicI64>,
}

/// The largest number of documents decided on in one run.
const MAX_BATCH: usize = 128;
/// The number of decisions in flight: databases group their commits into fewer writes.
const MAX_CONCURRENT: usize = 16;
/// The delay after a full batch, so that documents that became overdue during an outage do not displace requests.
const BATCH_DELAY: Duration = Duration::from_millis(500);
/// The longest delay between two runs. Documents become overdue later after their commit, so none is late.
const MAX_SLEEP: Duration = Duration::from_secs(5);

impl<O: Overdue> PeriodicJob for OverdueJob<O> {
    const NAME: &'static str = O::Document::COLLECTION;
    const RETRY_DELAY: Duration = Duration::from_secs(1);
    type Error = StoreError;

    async fn run(&self, _: &CancellationToken) -> Result<Time, StoreError> {
        let (collection, now) = (self.overdue.collection(), self.clock.now());
        let overdue = Range::of(O::INDEX, []).at_most([now.into()]).limit(MAX_BATCH);
        let batch = collection.batch(overdue).await?.items;
        let latest = now.after(if batch.len() < MAX_BATCH { MAX_SLEEP } else { BATCH_DELAY });
        stream::iter(batch)
            .map(Ok)
            .try_for_each_concurrent(
                MAX_CONCURRENT,
                |document| async move { self.decide(&document, now).await },
            )
            .await?;
        let first = collection.batch(Range::of(O::INDEX, []).limit(1)).await?.items;
        let next = first.first().and_then(O::due).filter(|due| *due > now);
        let next = next.map_or(latest, |next| next.min(latest));
        self.next_run.store(next.as_millis(), Ordering::SeqCst);
        Ok(next)
    }

    /// Whether no run is due. The documents do not tell: one that is stored late may be overdue before the next run.
    async fn is_idle(&self) -> bool {
        self.clock.now().as_millis() < self.next_run.load(Ordering::SeqCst)
    }
}

impl<O: Overdue> OverdueJob<O> {
    /// Decides by the state that was read. A conflict means that the document was decided on meanwhile.
    async fn decide(&self, document: &O::Document, now: Time) -> Result<(), StoreError> {
        let (collection, id) = (O::Document::COLLECTION, document.id());
        let committed = match self.overdue.decide(document, now).await {
            Ok(None) => return Ok(()),
            Ok(Some(decision)) => self.overdue.collection().commit(decision).await,
            Err(error) => Err(CommitError::Store(error)),
        };
        match committed {
            Ok(after) => {
                self.overdue.committed(document, &after);
                counter!("republished_total", "collection" => collection).increment(1);
                tracing::info!(collection, %id, "an event is overdue; the state was published again");
                Ok(())
            }
            Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Ok(()),
            // The next document may be intact.
            Err(CommitError::Store(error @ StoreError::Unreadable(_))) => {
                tracing::error!(collection, %id, cause = error_chain(&error), "a document stays overdue");
                Ok(())
            }
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}
