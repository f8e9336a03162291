//! The workers: expire the deadlines that are due, and purge those that ended.

use std::time::Duration;

use common::{Time, error_chain};
use futures::stream::{self, StreamExt, TryStreamExt};
use metrics::{counter, gauge, histogram};
use runtime::{Measure, PeriodicJob, Purge, Worker};
use store::{CommitError, Range, StoreError};
use tokio_util::sync::CancellationToken;

use crate::Deadlines;
use crate::domain::Deadline;
use crate::storage::index;

/// The retention of an ended deadline: longer than an event about its order is in flight. An even later event creates
/// a new deadline, whose expiry the order ignores by its own state.
const RETENTION: Duration = Duration::from_hours(24);

pub(crate) fn workers(deadlines: &Deadlines) -> Vec<Worker> {
    let purge = Purge {
        collection: deadlines.store.clone(),
        index: index::BY_END,
        retention: RETENTION,
        clock: deadlines.clock.clone(),
    };
    counter!("deadlines_fired_total").increment(0);
    let _ = histogram!("expiration_lag_seconds");
    let holds = Measure {
        collection: deadlines.store.clone(),
        range: Range::of(index::BY_EXPIRY, []),
        gauge: gauge!("live_holds"),
        clock: deadlines.clock.clone(),
    };
    vec![Worker::periodic(Expire(deadlines.clone()), deadlines.clock.clone()), purge.worker(), holds.worker()]
}

/// Expires the deadlines that are due.
#[derive(Clone)]
struct Expire(Deadlines);

/// The largest number of deadlines read at once, however many are pending.
const MAX_BATCH: usize = 128;
/// The number of commits in flight: databases group them into fewer writes.
const MAX_CONCURRENT: usize = 32;
/// The longest delay between two runs. Deadlines that this process stored wake the worker; this bounds the lag of
/// those that a replica stored before a crash.
const MAX_SLEEP: Duration = Duration::from_secs(1);

impl PeriodicJob for Expire {
    const NAME: &'static str = "expire";
    const RETRY_DELAY: Duration = Duration::from_secs(1);
    type Error = StoreError;

    async fn run(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        let Self(deadlines) = self;
        loop {
            deadlines.wake.run_started();
            let next = expire_batch(deadlines).await?;
            match next {
                None if !stop.is_cancelled() => {}
                next => return Ok(next.unwrap_or_else(|| deadlines.now())),
            }
        }
    }

    async fn is_idle(&self) -> bool {
        let Self(deadlines) = self;
        let due = Range::of(index::BY_EXPIRY, []).at_most([deadlines.now().into()]).limit(1);
        deadlines.store.batch(due).await.is_ok_and(|due| due.items.is_empty())
    }

    async fn woken_before(&self, next: Time) {
        self.0.wake.woken_before(next).await;
    }
}

/// Expires one batch. Returns the time of the next run, or `None` if more deadlines may be due.
async fn expire_batch(deadlines: &Deadlines) -> Result<Option<Time>, StoreError> {
    let now = deadlines.now();
    let mut batch = deadlines.store.batch(Range::of(index::BY_EXPIRY, []).limit(MAX_BATCH)).await?.items;
    let due = batch.partition_point(|deadline| deadline.expires_at <= now);
    let next = batch.get(due).map(|deadline| deadline.expires_at);
    batch.truncate(due);
    stream::iter(batch)
        .map(Ok)
        .try_for_each_concurrent(MAX_CONCURRENT, |deadline| async move { expire(deadlines, &deadline).await })
        .await?;
    let latest = now.after(MAX_SLEEP);
    Ok((due < MAX_BATCH).then(|| next.map_or(latest, |next| next.min(latest))))
}

/// Decides by the state that was read. A conflict means that another replica expired the deadline, or that its order
/// cancelled it.
async fn expire(deadlines: &Deadlines, deadline: &Deadline) -> Result<(), StoreError> {
    let Some(decision) = deadline.expire(deadlines.now()) else { return Ok(()) };
    match deadlines.store.commit(decision).await {
        Ok(_) => {
            counter!("deadlines_fired_total").increment(1);
            let lag = deadlines.now() - deadline.expires_at;
            histogram!("expiration_lag_seconds").record(lag.as_secs_f64());
            Ok(())
        }
        Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Ok(()),
        // The next deadline may be intact.
        Err(CommitError::Store(error @ StoreError::Unreadable(_))) => {
            tracing::error!(order = %deadline.order_id, cause = error_chain(&error), "a deadline stays pending");
            Ok(())
        }
        Err(CommitError::Store(error)) => Err(error),
    }
}
