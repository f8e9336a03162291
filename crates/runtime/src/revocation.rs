//! Keeps the set of sessions that ended early, in memory for every request and in the service's store for its next
//! start.
//!
//! Of several processes of a service one hears an event and stores it. All of them watch the bus, too, and what one of
//! them missed it finds in the store.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Consume, ConsumeError, Incoming, Lagged, Subscription};
use common::event::{SessionRevoked, Subject};
use common::http::Sessions;
use common::{Decision, Envelope, Event, SessionId, SharedClock, Time};
use futures::future::{BoxFuture, FutureExt};
use futures::stream::{BoxStream, StreamExt};
use serde::{Deserialize, Serialize};
use store::{Collection, Document, Index, Keys, Range, StoreError, UpdateError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Worker;

/// Index: revoked sessions by how long they must be remembered.
const UNTIL: &str = "until";

/// A session that ended early, remembered until its last token has run out.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Revocation {
    session: SessionId,
    until: Time,
}

impl Document for Revocation {
    const COLLECTION: &'static str = "revoked-sessions";
    const INDEXES: &'static [Index] = &[Index::one(UNTIL)];

    fn id(&self) -> Uuid {
        self.session.into()
    }

    /// A session is revoked once.
    fn version(&self) -> u64 {
        1
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(UNTIL, [self.until.into()])
    }
}

/// How often the store is looked at for what another process has heard and this one has missed.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// The consumer of `session.revoked`.
#[derive(Clone)]
pub(crate) struct Revocations {
    remembered: Collection<Revocation>,
    sessions: Sessions,
    clock: SharedClock,
}

impl Revocations {
    /// Nothing is known yet: see [`Self::watch`].
    pub(crate) fn new(store: &store::Store, sessions: Sessions, clock: SharedClock) -> Self {
        Self { remembered: store.collection(), sessions, clock }
    }

    /// Loads what was heard before, and returns what will keep the set up to date.
    pub(crate) async fn watch(&self, bus: &dyn Bus) -> Result<Worker, StoreError> {
        // From now on nothing that is said can be said between the loading and the listening.
        let live = bus.live(&[Subject::SessionRevoked]);
        self.load().await?;
        let own = self.clone();
        let run = |stop: CancellationToken| async move {
            stop.run_until_cancelled_owned(own.keep_watching(live)).await;
        };
        // What it learns, the subscription learns too.
        Ok(Worker::new("revoked-sessions", run, || async { true }))
    }

    async fn keep_watching(self, mut live: BoxStream<'static, Result<Arc<Envelope>, Lagged>>) {
        loop {
            let look = tokio::select! {
                heard = live.next() => match heard {
                    Some(Ok(event)) => {
                        if let Event::SessionRevoked(revoked) = &event.event {
                            self.sessions.revoke(revoked.session_id, revoked.tokens_expire_at, self.clock.now());
                        }
                        false
                    }
                    Some(Err(Lagged)) => true,
                    // The bus was closed: the process ends.
                    None => return,
                },
                () = self.clock.sleep(LOOK_EVERY) => true,
            };
            if look && let Err(error) = self.load().await {
                tracing::warn!(%error, "the revoked sessions could not be looked up; trying again later");
            }
        }
    }

    async fn load(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut place = None;
        loop {
            let range = Range::of(UNTIL, []).at_least([now.into()]).after(place);
            let page = self.remembered.page(range).await?;
            for revocation in page.items {
                self.sessions.revoke(revocation.session, revocation.until, now);
            }
            place = page.next;
            if place.is_none() {
                return Ok(());
            }
        }
    }

    /// Its subscription. The name differs from the service's own consumer, whose dead letters it must not take.
    pub(crate) fn subscription(self, service: &str) -> Subscription {
        // Leaked once a start: names of consumers live as long as the process.
        let consumer = Box::leak(format!("{service}-sessions").into_boxed_str());
        Subscription { consumer, subjects: &[Subject::SessionRevoked], handler: Arc::new(self) }
    }

    async fn remember(&self, revoked: &SessionRevoked) -> Result<(), ConsumeError> {
        let now = self.clock.now();
        if revoked.tokens_expire_at <= now {
            return Ok(());
        }
        // Memory first: from this moment on the session is refused, even if the database is away.
        self.sessions.revoke(revoked.session_id, revoked.tokens_expire_at, now);
        let revocation = Revocation { session: revoked.session_id, until: revoked.tokens_expire_at };
        let remembered = self.remembered.update(revoked.session_id, |known| {
            Ok::<_, ConsumeError>(known.is_none().then(|| Decision::without_event(revocation.clone())))
        });
        remembered.await.map_err(|error| match error {
            UpdateError::Refused(fault) => fault,
            other => ConsumeError::from(other),
        })?;
        self.forget_old(now).await
    }

    /// Each new one takes some old ones away, so that the collection stays as small as it can be.
    async fn forget_old(&self, now: Time) -> Result<(), ConsumeError> {
        let old = Range::of(UNTIL, []).at_most([now.into()]).limit(10);
        for revocation in self.remembered.page(old).await?.items {
            match self.remembered.remove(&revocation).await {
                // Somebody else may have removed it at the same time.
                Ok(()) | Err(store::CommitError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Consume for Revocations {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move {
            match &incoming.envelope.event {
                Event::SessionRevoked(revoked) => self.remember(revoked).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
