//! Removes deadlines that ended long ago.

use std::time::Duration;

use common::{Time, error_chain};
use runtime::Worker;
use store::{Range, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::unless_done;
use crate::deadlines::Deadlines;
use crate::documents::ENDED;

/// How long an ended deadline is remembered: longer than any event about its order is on its way. One that comes even
/// later makes a new deadline, which fires and is ignored, since the order decides by its own state.
const MEMORY: Duration = Duration::from_hours(24);
/// How often the worker looks.
const EVERY: Duration = Duration::from_mins(10);
/// How many it removes in one go.
const BATCH: usize = 128;

pub(super) fn worker(deadlines: Deadlines) -> Worker {
    let asked = deadlines.clone();
    Worker::new(
        "forget",
        move |stop| run(deadlines, stop),
        move || {
            let asked = asked.clone();
            async move { is_idle(&asked).await }
        },
    )
}

async fn run(deadlines: Deadlines, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let next_look = deadlines.now().after(EVERY);
        if let Err(error) = forget(&deadlines, &stop).await {
            warn!(cause = error_chain(&error), "ended deadlines could not be removed; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = deadlines.clock.sleep_until(next_look) => {}
        }
    }
}

async fn forget(deadlines: &Deadlines, stop: &CancellationToken) -> Result<(), StoreError> {
    let before = deadlines.now().before(MEMORY);
    while !stop.is_cancelled() {
        let old = deadlines.collection.page(ended_until(before, BATCH)).await?;
        for deadline in &old.items {
            unless_done(deadlines.collection.remove(deadline).await)?;
        }
        if old.next.is_none() {
            break;
        }
    }
    Ok(())
}

fn ended_until(moment: Time, most: usize) -> Range {
    Range::of(ENDED, []).at_most([moment.into()]).limit(most)
}

/// Whether a look has found all that it should have found by now.
async fn is_idle(deadlines: &Deadlines) -> bool {
    let overdue = deadlines.now().before(MEMORY).before(EVERY);
    deadlines.collection.page(ended_until(overdue, 1)).await.is_ok_and(|old| old.items.is_empty())
}
