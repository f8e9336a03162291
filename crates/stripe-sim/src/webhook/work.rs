//! The worker that does what is due: one payment's affairs one after another, different payments' in parallel.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::Time;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use store::{Range, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::StripeSim;
use crate::record::Record;

/// How many payments' affairs are seen to at the same time.
const MOST_AT_ONCE: usize = 16;

/// How long a receiver may take; Stripe, too, gives up after some seconds and tries again.
const PATIENCE: Duration = Duration::from_secs(20);

/// When the database fails, it is asked again after this.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

impl StripeSim {
    /// Delivers events, and does what time brings about, until `stop`. What is under way then is tried again by the
    /// next run.
    pub async fn deliver_webhooks(&self, stop: CancellationToken) {
        let client = client();
        let mut under_way = FuturesUnordered::new();
        let mut busy = HashSet::new();
        loop {
            let mut added = pin!(self.0.event_added.notified());
            added.as_mut().enable();
            let now = self.0.clock.now();
            // Deliveries go on meanwhile: one that is not polled could keep the turn at the database that this waits for.
            let looked = tokio::select! {
                () = stop.cancelled() => break,
                Some(id) = under_way.next(), if !under_way.is_empty() => {
                    self.settled(&mut busy, id);
                    continue;
                }
                looked = self.due(now, &busy) => looked,
            };
            let (due, next) = looked.unwrap_or_else(|error| {
                tracing::error!(%error, "what is due cannot be read");
                (Vec::new(), Some(now.after(DATABASE_PAUSE)))
            });
            for id in due {
                busy.insert(id);
                self.0.deliveries_under_way.fetch_add(1, Ordering::SeqCst);
                let done = self.see_to(id, &client);
                under_way.push(async move {
                    done.await;
                    id
                });
            }
            let wake =
                next.map_or_else(|| Box::pin(std::future::pending()) as _, |at| self.0.clock.sleep_until(at));
            tokio::select! {
                () = stop.cancelled() => break,
                Some(id) = under_way.next(), if !under_way.is_empty() => self.settled(&mut busy, id),
                () = added => {}
                () = wake => {}
            }
        }
        self.0.deliveries_under_way.fetch_sub(busy.len(), Ordering::SeqCst);
    }

    /// Resolves once nothing is due. While [`Self::deliver_webhooks`] does not run, nothing that is due goes away.
    ///
    /// # Errors
    /// The database failed.
    pub async fn idle(&self) -> Result<(), StoreError> {
        loop {
            let mut settled = pin!(self.0.delivery_settled.notified());
            settled.as_mut().enable();
            let (due, _) = self.due(self.0.clock.now(), &HashSet::new()).await?;
            if due.is_empty() && self.0.deliveries_under_way.load(Ordering::SeqCst) == 0 {
                return Ok(());
            }
            settled.await;
        }
    }

    fn settled(&self, busy: &mut HashSet<Uuid>, id: Uuid) {
        busy.remove(&id);
        self.0.deliveries_under_way.fetch_sub(1, Ordering::SeqCst);
        self.0.delivery_settled.notify_waiters();
    }

    /// The payments with something to do now, as many as there is room for, and when the next is due.
    async fn due(&self, now: Time, busy: &HashSet<Uuid>) -> Result<(Vec<Uuid>, Option<Time>), StoreError> {
        let room = MOST_AT_ONCE.saturating_sub(busy.len());
        // Those that are under way stand in the index, too; one more tells when to wake.
        let first = Range::of(Record::DUE, []).limit(MOST_AT_ONCE + 1);
        let records = self.0.records.page(first).await?.items;
        let free = || records.iter().filter(|record| !busy.contains(&record.intent.id.0));
        let is_due = |record: &&Record| record.due().is_some_and(|due| due <= now);
        let due = free().filter(is_due).take(room).map(|record| record.intent.id.0).collect();
        Ok((due, free().filter_map(Record::due).find(|due| *due > now)))
    }

    /// Time first, since it may add events; then the events.
    async fn see_to(&self, id: Uuid, client: &reqwest::Client) {
        if let Err(error) = self.let_time_pass(id).await {
            return self.database_failed(&error).await;
        }
        if let Err(error) = self.deliver(id, client).await {
            self.database_failed(&error).await;
        }
    }

    /// Nothing is lost: it is still due and is done once more.
    async fn database_failed(&self, error: &StoreError) {
        tracing::error!(%error, "a payment cannot be read or what became of its events not stored");
        self.0.clock.sleep(DATABASE_PAUSE).await;
    }
}

/// Receivers stand on the same machine or cluster, so no proxy; and Stripe follows no redirects.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .expect("a client without TLS needs nothing that could be missing")
}
