//! Removes sessions that nobody needs to know of any more.

use std::time::Duration;

use common::{SharedClock, Time, error_chain};
use runtime::Worker;
use store::{Collection, CommitError, Range, StoreError};

use crate::documents::FORGOTTEN;
use crate::domain::Session;

/// How often to look. A session may stay this long after its time, which does no harm: it is over all the same.
pub(crate) const EVERY: Duration = Duration::from_mins(10);

/// Removes sessions that nobody needs to know of any more. Replicas may do so at once.
pub(crate) fn worker(sessions: Collection<Session>, clock: SharedClock) -> Worker {
    let (idle_sessions, idle_clock) = (sessions.clone(), SharedClock::clone(&clock));
    Worker::new(
        "old-sessions",
        move |stop| async move {
            loop {
                if let Err(error) = sweep(&sessions, clock.now()).await {
                    tracing::warn!(error = error_chain(&error), "old sessions could not be removed");
                }
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = clock.sleep(EVERY) => {}
                }
            }
        },
        move || {
            let (sessions, overdue) = (idle_sessions.clone(), idle_clock.now().before(EVERY));
            async move { sessions.page(forgotten(overdue)).await.is_ok_and(|page| page.items.is_empty()) }
        },
    )
}

fn forgotten(by: Time) -> Range {
    Range::of(FORGOTTEN, []).at_most([by.into()])
}

async fn sweep(sessions: &Collection<Session>, now: Time) -> Result<(), StoreError> {
    let mut place = None;
    loop {
        let page = sessions.page(forgotten(now).after(place)).await?;
        for session in page.items {
            match sessions.remove(&session).await {
                // Another replica was faster.
                Ok(()) | Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        place = page.next;
        if place.is_none() {
            return Ok(());
        }
    }
}
