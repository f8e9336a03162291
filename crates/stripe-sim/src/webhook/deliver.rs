//! The worker that delivers what is due: events of one object one after another, different objects in parallel.

use std::collections::HashSet;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{Decision, Time};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use store::{ChangeError, Range, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::signature::sign;
use crate::StripeSim;
use crate::event::Delivery;
use crate::intent::seconds;
use crate::record::Record;

/// How many objects' events are sent at the same time.
const MOST_AT_ONCE: usize = 16;

/// How long the receiver may take; Stripe, too, gives up after some seconds and tries again.
const PATIENCE: Duration = Duration::from_secs(20);

/// When the database fails, it is asked again after this.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// An event is tried for three days (<https://docs.stripe.com/webhooks#automatic-retries>).
const GIVEN_UP_AFTER: Duration = Duration::from_hours(72);

/// The pauses between tries, in seconds; the last repeats.
const PAUSES: [u64; 9] = [1, 5, 30, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 12 * 3600];

fn pause(failures: u32) -> Duration {
    let place = usize::try_from(failures).unwrap_or(usize::MAX).min(PAUSES.len() - 1);
    Duration::from_secs(PAUSES[place])
}

/// What became of one try; the event is named by its id.
enum Outcome {
    Settled(String),
    Failed(String),
}

impl StripeSim {
    /// Delivers events until `stop`. What is under way then is tried again by the next run.
    pub async fn deliver_webhooks(&self, stop: CancellationToken) {
        let Some(url) = self.0.settings.webhook_url.as_deref() else { return stop.cancelled().await };
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
                tracing::error!(%error, "the events that are due cannot be read");
                (Vec::new(), Some(now.after(DATABASE_PAUSE)))
            });
            for id in due {
                busy.insert(id);
                self.0.deliveries_under_way.fetch_add(1, Ordering::SeqCst);
                let delivered = self.deliver(id, url, &client);
                under_way.push(async move {
                    delivered.await;
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

    /// Resolves once no event is due. While [`Self::deliver_webhooks`] does not run, nothing that is due goes away.
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

    /// The objects with events to deliver now, as many as there is room for, and when the next is due.
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

    /// Sends the events of one object that are due, and stores what became of them.
    async fn deliver(&self, id: Uuid, url: &str, client: &reqwest::Client) {
        let record = match self.0.records.get(id).await {
            Ok(Some(record)) => record,
            Ok(None) => return,
            Err(error) => return self.database_failed(&error).await,
        };
        let now = self.0.clock.now();
        let mut outcomes = Vec::new();
        for delivery in record.deliveries.iter().filter(|delivery| delivery.due <= now) {
            outcomes.push(self.attempt(delivery, url, client).await);
        }
        let settle = |current: Option<&Record>| {
            let next = current.map(|record| apply(record, &outcomes, self.0.clock.now()));
            Ok::<_, Infallible>(next.map(Decision::quiet))
        };
        match self.0.records.change(id, settle).await {
            Ok(_) => {}
            Err(ChangeError::Refused(never)) => match never {},
            Err(ChangeError::Store(error)) => self.database_failed(&error).await,
            Err(ChangeError::Taken(claim)) => tracing::error!(claim, "a delivery collides with a claim"),
        }
    }

    /// Nothing is lost: the events are still due and are sent once more.
    async fn database_failed(&self, error: &StoreError) {
        tracing::error!(%error, "the events of an object cannot be read or their outcome not stored");
        self.0.clock.sleep(DATABASE_PAUSE).await;
    }

    async fn attempt(&self, delivery: &Delivery, url: &str, client: &reqwest::Client) -> Outcome {
        let id = delivery.id.clone();
        if self.faults().take(|faults| &mut faults.webhooks.drop) {
            return Outcome::Settled(id);
        }
        let twice = self.faults().take(|faults| &mut faults.webhooks.duplicate);
        let mut accepted = self.send(delivery, url, client).await;
        if twice {
            accepted &= self.send(delivery, url, client).await;
        }
        if accepted { Outcome::Settled(id) } else { Outcome::Failed(id) }
    }

    /// Whether the receiver answered 2xx.
    async fn send(&self, delivery: &Delivery, url: &str, client: &reqwest::Client) -> bool {
        let payload = delivery.payload();
        let now = seconds(self.0.clock.now());
        let request = client
            .post(url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", sign(&self.0.settings.webhook_secret, now, &payload))
            .body(payload);
        let (event, kind) = (delivery.id.as_str(), delivery.kind.as_str());
        match request.send().await {
            Ok(response) if response.status().is_success() => {
                tracing::debug!(event, kind, "delivered");
                true
            }
            Ok(response) => {
                tracing::warn!(event, kind, status = response.status().as_u16(), "refused by the receiver");
                false
            }
            Err(error) => {
                tracing::warn!(event, kind, %error, "the receiver cannot be reached");
                false
            }
        }
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

/// The next revision: what was settled is gone, what failed is due later or given up.
fn apply(record: &Record, outcomes: &[Outcome], now: Time) -> Record {
    let mut next = Record::next(Some(record), record.intent.clone(), now);
    for outcome in outcomes {
        match outcome {
            Outcome::Settled(id) => next.deliveries.retain(|delivery| delivery.id != *id),
            Outcome::Failed(id) => {
                next.deliveries.retain_mut(|delivery| delivery.id != *id || postpone(delivery, now));
            }
        }
    }
    next
}

/// Whether there is another try.
fn postpone(delivery: &mut Delivery, now: Time) -> bool {
    delivery.due = now.after(pause(delivery.failures));
    delivery.failures += 1;
    delivery.due <= delivery.created.after(GIVEN_UP_AFTER)
}
