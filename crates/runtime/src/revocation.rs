//! Keeps the set of sessions that ended early, in memory for every request and in the service's store for its next
//! start.

use std::sync::Arc;

use bus::{Consume, Fault, Received, Subscription};
use common::event::{SessionRevoked, Subject};
use common::http::Sessions;
use common::{Decision, Fact, SessionId, SharedClock, Time};
use futures::future::{BoxFuture, FutureExt};
use serde::{Deserialize, Serialize};
use store::{ChangeError, Collection, Document, Keys, Range, StoreError};
use uuid::Uuid;

/// A session that ended early, remembered until its last token has run out.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Revocation {
    session: SessionId,
    until: Time,
}

impl Document for Revocation {
    const COLLECTION: &'static str = "revoked-sessions";

    fn id(&self) -> Uuid {
        self.session.into()
    }

    /// A session is revoked once.
    fn version(&self) -> u64 {
        1
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered("until", [self.until.into()])
    }
}

/// The consumer of `session.revoked`.
pub(crate) struct Revocations {
    remembered: Collection<Revocation>,
    sessions: Sessions,
    clock: SharedClock,
}

impl Revocations {
    /// Loads what the last run has heard.
    pub(crate) async fn load(
        store: &store::Store,
        sessions: Sessions,
        clock: SharedClock,
    ) -> Result<Self, StoreError> {
        let own = Self { remembered: store.collection(), sessions, clock };
        let now = own.clock.now();
        let mut place = None;
        loop {
            let range = Range::of("until", []).at_least([now.into()]).after(place);
            let page = own.remembered.page(range).await?;
            for revocation in page.items {
                own.sessions.revoke(revocation.session, revocation.until, now);
            }
            place = page.next;
            if place.is_none() {
                return Ok(own);
            }
        }
    }

    /// Its subscription. The name differs from the service's own consumer, whose dead letters it must not take.
    pub(crate) fn subscription(self, service: &str) -> Subscription {
        // Leaked once a start: names of consumers live as long as the process.
        let consumer = Box::leak(format!("{service}-sessions").into_boxed_str());
        Subscription { consumer, subjects: &[Subject::SessionRevoked], handler: Arc::new(self) }
    }

    async fn remember(&self, revoked: &SessionRevoked) -> Result<(), Fault> {
        let now = self.clock.now();
        if revoked.tokens_expire_at <= now {
            return Ok(());
        }
        // Memory first: from this moment on the session is refused, even if the database is away.
        self.sessions.revoke(revoked.session_id, revoked.tokens_expire_at, now);
        let revocation = Revocation { session: revoked.session_id, until: revoked.tokens_expire_at };
        let remembered = self.remembered.change(revoked.session_id, |known| {
            Ok::<_, Fault>(known.is_none().then(|| Decision::quiet(revocation.clone())))
        });
        remembered.await.map_err(|error| match error {
            ChangeError::Refused(fault) => fault,
            other => Fault::from(other),
        })?;
        self.forget_old(now).await
    }

    /// Each new one takes some old ones away, so that the collection stays as small as it can be.
    async fn forget_old(&self, now: Time) -> Result<(), Fault> {
        let old = Range::of("until", []).at_most([now.into()]).limit(10);
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
    fn consume(&self, received: Received) -> BoxFuture<'_, Result<(), Fault>> {
        async move {
            match &received.event.fact {
                Fact::SessionRevoked(revoked) => self.remember(revoked).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}
