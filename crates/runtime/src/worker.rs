//! Background workers of a service: any task that runs until the stop, periodic runs, and the purge of expired documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use common::{SharedClock, Time, error_chain};
use futures::future::{BoxFuture, FutureExt};
use store::{Collection, CommitError, Document, Range, StoreError};
use tokio_util::sync::CancellationToken;

type RunFn = Box<dyn FnOnce(CancellationToken) -> BoxFuture<'static, ()> + Send>;
type IdleFn = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// A task that runs for as long as its service, such as expiring deadlines.
pub struct Worker {
    /// Its name in logs.
    pub name: &'static str,
    /// Runs until the token is cancelled, then finishes the step in progress and returns.
    pub run: RunFn,
    /// Whether nothing is due now. Tests wait for this instead of sleeping.
    pub idle: IdleFn,
}

/// A job that runs, sleeps until its next run is due, and runs again. Every replica may run it at the same time.
pub trait PeriodicJob: Clone + Send + Sync + 'static {
    /// The worker's name in logs.
    const NAME: &'static str;
    /// The delay before the next run after a failed one.
    const RETRY_DELAY: Duration;
    /// The reason why a run failed.
    type Error: std::error::Error + Send + 'static;

    /// Runs once and returns the time of the next run. A long run checks `stop` between its steps.
    fn run(&self, stop: &CancellationToken) -> impl Future<Output = Result<Time, Self::Error>> + Send;

    /// Whether nothing is due now. A run in progress is not idle in any case.
    fn is_idle(&self) -> impl Future<Output = bool> + Send;

    /// Resolves when the next run must start before `next`. By default never.
    fn woken_before(&self, _next: Time) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

impl Worker {
    /// A worker with a loop of its own.
    pub fn new<R, I>(
        name: &'static str,
        run: impl FnOnce(CancellationToken) -> R + Send + 'static,
        idle: impl Fn() -> I + Send + Sync + 'static,
    ) -> Self
    where
        R: Future<Output = ()> + Send + 'static,
        I: Future<Output = bool> + Send + 'static,
    {
        Self { name, run: Box::new(move |stop| run(stop).boxed()), idle: Arc::new(move || idle().boxed()) }
    }

    /// A worker that runs `job` periodically.
    pub fn periodic<J: PeriodicJob>(job: J, clock: SharedClock) -> Self {
        let (idle, is_running) = (job.clone(), Arc::new(AtomicBool::new(false)));
        let running = Arc::clone(&is_running);
        let run = |stop| run_periodically(job, clock, running, stop);
        Self::new(J::NAME, run, move || {
            let (job, is_running) = (idle.clone(), Arc::clone(&is_running));
            // A run that has taken what was due before this check is in progress after it.
            async move { job.is_idle().await && !is_running.load(Ordering::SeqCst) }
        })
    }
}

async fn run_periodically<J: PeriodicJob>(
    job: J,
    clock: SharedClock,
    is_running: Arc<AtomicBool>,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        is_running.store(true, Ordering::SeqCst);
        let run = job.run(&stop).await;
        is_running.store(false, Ordering::SeqCst);
        let next = match run {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(worker = J::NAME, cause = error_chain(&error), "a run failed; retrying");
                clock.now().after(J::RETRY_DELAY)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = clock.sleep_until(next) => {}
            () = job.woken_before(next) => {}
        }
    }
}

/// A job that removes the documents of a collection whose time in an index is older than the retention.
pub struct Purge<D> {
    /// The collection.
    pub collection: Collection<D>,
    /// The index, ordered by time.
    pub index: &'static str,
    /// How long a document is kept after its time in the index.
    pub retention: Duration,
    /// The clock.
    pub clock: SharedClock,
}

/// A purge at work.
struct PurgeJob<D> {
    purge: Arc<Purge<D>>,
    /// The time of the next run, in milliseconds since 1970; 0 before the first.
    next_run: Arc<AtomicI64>,
}

impl<D> Clone for PurgeJob<D> {
    fn clone(&self) -> Self {
        Self { purge: Arc::clone(&self.purge), next_run: Arc::clone(&self.next_run) }
    }
}

impl<D: Document> Purge<D> {
    /// The delay between two runs. An expired document may remain this much longer, which has no effect.
    pub const INTERVAL: Duration = Duration::from_mins(10);
    /// The largest number of documents read at once.
    const MAX_BATCH: usize = 128;

    /// The worker that runs this job.
    pub fn worker(self) -> Worker {
        let clock = self.clock.clone();
        Worker::periodic(PurgeJob { purge: Arc::new(self), next_run: Arc::default() }, clock)
    }
}

impl<D: Document> PeriodicJob for PurgeJob<D> {
    const NAME: &'static str = D::COLLECTION;
    const RETRY_DELAY: Duration = Purge::<D>::INTERVAL;
    type Error = StoreError;

    async fn run(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        let Purge { collection, index, retention, clock } = &*self.purge;
        let (now, mut cursor) = (clock.now(), None);
        let old = Range::of(index, []).at_most([now.before(*retention).into()]).limit(Purge::<D>::MAX_BATCH);
        while !stop.is_cancelled() {
            let page = collection.page(old.clone().after(cursor)).await?;
            for document in &page.items {
                match collection.remove(document).await {
                    // Another replica removed it first.
                    Ok(()) | Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
                    // The next document may be intact.
                    Err(CommitError::Store(error @ StoreError::Unreadable(_))) => {
                        tracing::error!(worker = Self::NAME, cause = error_chain(&error), "a document stays");
                    }
                    Err(CommitError::Store(error)) => return Err(error),
                }
            }
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let next = now.after(Purge::<D>::INTERVAL);
        self.next_run.store(next.as_millis(), Ordering::SeqCst);
        Ok(next)
    }

    /// Whether no run is due. The documents do not tell: one may expire in the past, after the run that would remove it.
    async fn is_idle(&self) -> bool {
        self.purge.clock.now().as_millis() < self.next_run.load(Ordering::SeqCst)
    }
}
