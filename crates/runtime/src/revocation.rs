//! The set of revoked sessions: in memory for every request, and in the service's database for restarts.
//!
//! One replica of a service consumes an event and stores the revocation. Every replica also receives the live event; one
//! that missed it finds the revocation in the database.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Consume, ConsumeError, Incoming, Lagged, Subscription};
use common::event::{SessionRevoked, Subject};
use common::http::Sessions;
use common::{Decision, Envelope, Event, SessionId, SharedClock, Time};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, StreamExt};
use serde::{Deserialize, Serialize};
use store::{Collection, CommitError, Document, Index, Keys, Range, Store, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Worker;

/// Index: revocations by the time until which they are kept.
const BY_EXPIRY: &str = "until";

/// A session that ended early, kept until its last token has expired.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Revocation {
    session: SessionId,
    until: Time,
}

impl Document for Revocation {
    const COLLECTION: &'static str = "revoked-sessions";
    const INDEXES: &'static [Index] = &[Index::one(BY_EXPIRY)];

    fn id(&self) -> Uuid {
        self.session.into()
    }

    /// A session is revoked once.
    fn version(&self) -> u64 {
        1
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(BY_EXPIRY, [self.until.into()])
    }
}

/// The interval at which the database is polled for revocations that another replica has stored.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// How long an unreadable revocation counts from each poll, since its end is unknown.
const UNREADABLE_RETENTION: Duration = Duration::from_mins(5);

/// The largest number of expired revocations that one event removes.
const MAX_PURGED: usize = 10;

/// The consumer of `session.revoked`.
#[derive(Clone)]
pub(crate) struct Revocations {
    store: Collection<Revocation>,
    sessions: Sessions,
    clock: SharedClock,
}

impl Revocations {
    /// An empty set; [`Self::worker`] fills it.
    pub(crate) fn new(store: &Store, sessions: Sessions, clock: SharedClock) -> Self {
        Self { store: store.collection(), sessions, clock }
    }

    /// Loads the stored revocations and returns the worker that keeps the set up to date.
    pub(crate) async fn worker(&self, bus: &dyn Bus) -> Result<Worker, StoreError> {
        // Before the load, so that no event falls between the two.
        let live = bus.live(&[Subject::SessionRevoked]);
        self.load().await?;
        let own = self.clone();
        let run = |stop: CancellationToken| async move {
            stop.run_until_cancelled_owned(own.keep_current(live)).await;
        };
        // Always idle: tests wait for the subscription, which updates the same set.
        Ok(Worker::new("revoked-sessions", run, || async { true }))
    }

    async fn keep_current(self, mut live: BoxStream<'static, Result<Arc<Envelope>, Lagged>>) {
        loop {
            let poll = tokio::select! {
                item = live.next() => match item {
                    Some(Ok(event)) => {
                        if let Event::SessionRevoked(revoked) = &event.event {
                            self.sessions.revoke(revoked.session_id, revoked.tokens_expire_at, self.clock.now());
                        }
                        false
                    }
                    Some(Err(Lagged)) => true,
                    // The bus is closed: the process ends.
                    None => return,
                },
                () = self.clock.sleep(POLL_INTERVAL) => true,
            };
            if poll && let Err(error) = self.load().await {
                tracing::warn!(%error, "revoked sessions cannot be loaded; retrying");
            }
        }
    }

    async fn load(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut cursor = None;
        loop {
            let range = Range::of(BY_EXPIRY, []).at_least([now.into()]).after(cursor);
            let page = self.store.page(range).await?;
            for revocation in page.items {
                self.sessions.revoke(revocation.session, revocation.until, now);
            }
            // The id alone names the session.
            for session in page.unreadable {
                self.sessions.revoke(session.into(), now.after(UNREADABLE_RETENTION), now);
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    /// The subscription of the service. The consumer has a name of its own, because dead letters are replayed by name.
    pub(crate) fn subscription(self, service: &str) -> Subscription {
        // Leaked once a start: consumer names live as long as the process.
        let consumer = Box::leak(format!("{service}-sessions").into_boxed_str());
        Subscription { consumer, subjects: &[Subject::SessionRevoked], handler: Arc::new(self) }
    }

    async fn on_session_revoked(&self, revoked: &SessionRevoked) -> Result<(), ConsumeError> {
        let now = self.clock.now();
        if revoked.tokens_expire_at <= now {
            return Ok(());
        }
        // Memory first: requests refuse the session at once, even while the database is unavailable.
        self.sessions.revoke(revoked.session_id, revoked.tokens_expire_at, now);
        let revocation = Revocation { session: revoked.session_id, until: revoked.tokens_expire_at };
        let store_once = |stored: Option<&Revocation>| {
            stored.is_none().then(|| Decision::without_event(revocation.clone()))
        };
        self.store.apply(revoked.session_id, store_once).await?;
        self.purge_expired(now).await
    }

    /// Removes some expired revocations, which bounds the collection.
    async fn purge_expired(&self, now: Time) -> Result<(), ConsumeError> {
        let expired = Range::of(BY_EXPIRY, []).at_most([now.into()]).limit(MAX_PURGED);
        for revocation in self.store.batch(expired).await?.items {
            match self.store.remove(&revocation).await {
                // Another replica removed it first.
                Ok(()) | Err(CommitError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Consume for Revocations {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move {
            let Event::SessionRevoked(revoked) = &incoming.envelope.event else {
                let subject = incoming.envelope.subject();
                return Err(ConsumeError::failed(format!("{subject} is not subscribed to")));
            };
            self.on_session_revoked(revoked).await
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ServiceContext;
    use crate::testing::{NoKeys, context, edit};

    /// The revocations of a process that starts.
    fn revocations(context: &ServiceContext) -> Revocations {
        Revocations::new(&context.store, Sessions::new(Arc::new(NoKeys)), Arc::clone(&context.clock))
    }

    #[tokio::test]
    async fn a_revocation_of_a_newer_release_revokes_its_session() {
        let (_, context) = context();
        let (session_id, user_id): (SessionId, _) = (context.ids.next(), context.ids.next());
        let tokens_expire_at = context.clock.now().after(POLL_INTERVAL);
        let revoked = SessionRevoked { session_id, user_id, tokens_expire_at };
        revocations(&context).on_session_revoked(&revoked).await.expect("stored");
        edit::<Revocation>(&context.store, session_id, |state| state["until"] = "later".into()).await;
        let restarted = revocations(&context);
        restarted.load().await.expect("loaded");
        assert!(restarted.sessions.is_revoked(session_id));
    }
}
