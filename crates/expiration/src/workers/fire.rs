//! Fires the deadlines whose time has come.

use std::time::Duration;

use common::{Time, error_chain};
use futures::stream::{self, StreamExt, TryStreamExt};
use metrics::{counter, histogram};
use runtime::Worker;
use store::{Range, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::unless_done;
use crate::deadlines::Deadlines;
use crate::documents::PENDING;
use crate::domain::Deadline;

/// How many deadlines are looked at in one go, however many are pending.
const BATCH: usize = 128;
/// How many commits are under way at the same time: databases gather them into fewer writes.
const AT_ONCE: usize = 32;
/// How long the worker sleeps at most. Deadlines that it kept itself wake it; this bounds how late it sees those that
/// a replica kept which has died since.
const LONGEST_NAP: Duration = Duration::from_secs(1);
/// How long it rests when the database is away.
const REST: Duration = Duration::from_secs(1);

pub(super) fn worker(deadlines: Deadlines) -> Worker {
    let asked = deadlines.clone();
    Worker::new(
        "fire",
        move |stop| run(deadlines, stop),
        move || {
            let asked = asked.clone();
            async move { is_idle(&asked).await }
        },
    )
}

async fn run(deadlines: Deadlines, stop: CancellationToken) {
    while !stop.is_cancelled() {
        deadlines.alarm.look();
        let wake = match fire_due(&deadlines).await {
            Ok(Some(next)) => next,
            Ok(None) => continue,
            Err(error) => {
                warn!(cause = error_chain(&error), "deadlines could not be fired; trying again");
                deadlines.now().after(REST)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = deadlines.clock.sleep_until(wake) => {}
            () = deadlines.alarm.earlier_than(wake) => {}
        }
    }
}

/// Fires a batch of what is due. Returns when to look again; `None`: at once, more may be due.
async fn fire_due(deadlines: &Deadlines) -> Result<Option<Time>, StoreError> {
    let now = deadlines.now();
    let mut pending = deadlines.collection.page(Range::of(PENDING, []).limit(BATCH)).await?.items;
    let next = pending.iter().position(|deadline| deadline.expires_at > now);
    let wake = next.map(|next| pending[next].expires_at);
    pending.truncate(next.unwrap_or(pending.len()));
    let was_full = pending.len() == BATCH;
    stream::iter(pending)
        .map(Ok)
        .try_for_each_concurrent(AT_ONCE, |deadline| async move { fire(deadlines, &deadline).await })
        .await?;
    let nap = now.after(LONGEST_NAP);
    Ok(if was_full { None } else { Some(wake.map_or(nap, |wake| wake.min(nap))) })
}

/// Decided on what was just read; if it has changed meanwhile, somebody else has fired or dropped it.
async fn fire(deadlines: &Deadlines, deadline: &Deadline) -> Result<(), StoreError> {
    let now = deadlines.now();
    let Some(decision) = deadline.fire(now) else { return Ok(()) };
    let committed = deadlines.collection.commit(decision).await.map(|_| {
        counter!("deadlines_fired_total").increment(1);
        histogram!("expiration_lag_seconds").record((deadlines.now() - deadline.expires_at).as_secs_f64());
    });
    unless_done(committed)
}

/// Whether nothing is due. While the database cannot tell, something may be.
async fn is_idle(deadlines: &Deadlines) -> bool {
    let due = Range::of(PENDING, []).at_most([deadlines.now().into()]).limit(1);
    deadlines.collection.page(due).await.is_ok_and(|due| due.items.is_empty())
}
