//! The worker for due payments: time-driven transitions and event deliveries. One payment's work is sequential, that of
//! different payments concurrent.

mod deliver;

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::Decision;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use store::{CommitError, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::endpoint::Endpoint;
use crate::event::Cause;
use crate::record::Record;
use crate::sim::StripeSim;

/// Payments processed concurrently.
const MAX_IN_FLIGHT: usize = 16;

/// A receiver's time for a response; Stripe retries after some seconds, too.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// The wait before a retry when the database fails.
const DATABASE_RETRY_DELAY: Duration = Duration::from_secs(1);

impl StripeSim {
    /// Delivers events and applies time-driven transitions until `stop`. The next run retries what is in flight then.
    pub async fn deliver_webhooks(&self, stop: CancellationToken) {
        let client = client();
        let mut in_flight = FuturesUnordered::new();
        let mut busy = HashSet::new();
        loop {
            let mut added = pin!(self.0.work_added.notified());
            added.as_mut().enable();
            let now = self.0.clock.now();
            // Deliveries are polled meanwhile: one could hold the database permit that this poll waits for.
            let polled = tokio::select! {
                () = stop.cancelled() => break,
                Some(id) = in_flight.next(), if !in_flight.is_empty() => {
                    self.finish(&mut busy, id);
                    continue;
                }
                polled = self.due(now, &busy, MAX_IN_FLIGHT.saturating_sub(busy.len())) => polled,
            };
            let (due, next) = polled.unwrap_or_else(|error| {
                tracing::error!(%error, "cannot read the due payments");
                (Vec::new(), Some(now.after(DATABASE_RETRY_DELAY)))
            });
            for id in due {
                busy.insert(id);
                self.0.in_flight.fetch_add(1, Ordering::SeqCst);
                let done = self.process_due(id, &client);
                in_flight.push(async move {
                    done.await;
                    id
                });
            }
            let wake =
                next.map_or_else(|| Box::pin(std::future::pending()) as _, |at| self.0.clock.sleep_until(at));
            tokio::select! {
                () = stop.cancelled() => break,
                Some(id) = in_flight.next(), if !in_flight.is_empty() => self.finish(&mut busy, id),
                () = added => {}
                () = wake => {}
            }
        }
        self.0.in_flight.fetch_sub(busy.len(), Ordering::SeqCst);
    }

    /// Waits until nothing is due or in flight. Needs a running [`Self::deliver_webhooks`] if anything is due.
    ///
    /// # Errors
    /// The database failed.
    pub async fn idle(&self) -> Result<(), StoreError> {
        loop {
            let mut finished = pin!(self.0.work_finished.notified());
            finished.as_mut().enable();
            let (due, _) = self.due(self.0.clock.now(), &HashSet::new(), 1).await?;
            if due.is_empty() && self.0.in_flight.load(Ordering::SeqCst) == 0 {
                return Ok(());
            }
            finished.await;
        }
    }

    fn finish(&self, busy: &mut HashSet<Uuid>, id: Uuid) {
        busy.remove(&id);
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.0.work_finished.notify_waiters();
    }

    /// Applies transitions first, since they may add events, then delivers.
    async fn process_due(&self, id: Uuid, client: &reqwest::Client) {
        if let Err(error) = self.try_process_due(id, client).await {
            self.database_failed(&error).await;
        }
    }

    async fn try_process_due(&self, id: Uuid, client: &reqwest::Client) -> Result<(), CommitError> {
        let entry = self.0.schedule.lock().entry(id);
        let stored = self.0.records.get(id).await?;
        self.0.schedule.lock().replace(id, entry, stored.as_ref());
        let Some(record) = stored else { return Ok(()) };
        let record = self.apply_due_transitions(record).await?;
        self.deliver(record, client).await
    }

    /// The payment stays due and is retried.
    async fn database_failed(&self, error: &CommitError) {
        tracing::error!(%error, "cannot read a payment or store the outcome of its events");
        self.0.clock.sleep(DATABASE_RETRY_DELAY).await;
    }

    /// Applies the time-driven transitions of a payment one after another until none is due. Returns its latest revision.
    async fn apply_due_transitions(&self, record: Record) -> Result<Record, CommitError> {
        let context = self.context();
        if record.intent.due_transition(context).is_none() {
            return Ok(record);
        }
        let endpoints: Arc<[Endpoint]> = self.endpoints().await?;
        let cause = Cause { request_id: None, idempotency_key: None };
        let apply = |current: Option<&Record>| {
            let mut next = None::<Record>;
            while let Some(transition) =
                next.as_ref().or(current).and_then(|record| record.intent.due_transition(context))
            {
                let latest = next.as_ref().or(current);
                let version = current.map_or(1, |record| record.version + 1);
                let mut advanced = self.advance(latest, transition, cause, &endpoints, context.now);
                advanced.version = version;
                next = Some(advanced);
            }
            next.map(Decision::without_event)
        };
        Ok(self.commit(record.intent.id.0, Some(&record), apply).await?.unwrap_or(record))
    }
}

/// Uses no proxy, since receivers are on this machine or cluster; follows no redirects, as Stripe does not.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(REQUEST_TIMEOUT)
        .build()
        .expect("a client without TLS needs nothing that could be missing")
}
