//! The workers: rotate the signing keys, purge what has ended, publish revocations again,
//! announce the accounts of former releases, send emails, and release the memory of hashes.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use common::{Decision, Time};
use mail::EmailWorker;
use runtime::{Overdue, PeriodicJob, Purge, Worker};
use store::{Collection, StoreError};
use tokio_util::sync::CancellationToken;

use crate::Accounts;
use crate::domain::{Activity, Session, User};
use crate::keys::{KeyError, Keyring};
use crate::password::Hashing;
use crate::password_reset;
use crate::storage::index;

pub(crate) fn workers(accounts: &Accounts) -> Vec<Worker> {
    let rotation = KeyRotation(accounts.keyring.clone());
    let purge = Purge {
        collection: accounts.sessions.clone(),
        index: index::BY_EXPIRY,
        retention: Duration::ZERO,
        clock: accounts.clock.clone(),
    };
    let purge_counts = Purge {
        collection: accounts.throttle.store.clone(),
        index: index::BY_EXPIRY,
        retention: Duration::ZERO,
        clock: accounts.clock.clone(),
    };
    let purge_challenges = Purge {
        collection: accounts.challenges.clone(),
        index: index::BY_EXPIRY,
        retention: Duration::ZERO,
        clock: accounts.clock.clone(),
    };
    let purge_activities = Purge {
        collection: accounts.activities.clone(),
        index: index::BY_TIME,
        retention: Activity::RETENTION,
        clock: accounts.clock.clone(),
    };
    let emails = EmailWorker {
        collection: accounts.store.clone(),
        context: accounts.mail.clone(),
        clock: accounts.clock.clone(),
        ids: accounts.ids.clone(),
        wake: Arc::clone(&accounts.email_wake),
    };
    let republish = Republish(accounts.sessions.clone());
    let announce = Announce(accounts.store.clone());
    let clock = || accounts.clock.clone();
    vec![
        Worker::periodic(rotation, clock()),
        purge.worker(),
        emails.worker(),
        password_reset::worker(accounts),
        purge_counts.worker(),
        purge_challenges.worker(),
        purge_activities.worker(),
        republish.worker(clock()),
        announce.worker(clock()),
        memory_release(accounts.hashing.clone()),
    ]
}

/// Releases the memory of the hashing pool. Always idle: unused memory has no effect.
fn memory_release(hashing: Hashing) -> Worker {
    let run = |stop: CancellationToken| async move {
        stop.run_until_cancelled(hashing.release_unused_memory()).await;
    };
    Worker::new("hashing-memory", run, || ready(true))
}

/// Publishes revocations again, for processes that have missed them.
#[derive(Clone)]
struct Republish(Collection<Session>);

impl Overdue for Republish {
    type Document = Session;

    const INDEX: &'static str = index::BY_OVERDUE;

    fn collection(&self) -> &Collection<Session> {
        &self.0
    }

    fn due(session: &Session) -> Option<Time> {
        session.overdue_at()
    }

    fn decide(
        &self,
        session: &Session,
        now: Time,
    ) -> impl Future<Output = Result<Option<Decision<Session>>, StoreError>> + Send {
        ready(Ok(session.republish(now)))
    }
}

/// Announces each account of a former release once. Until the upgrade has indexed such an account, the events that need it wait.
#[derive(Clone)]
struct Announce(Collection<User>);

impl Overdue for Announce {
    type Document = User;

    const INDEX: &'static str = index::BY_ANNOUNCEMENT;

    fn collection(&self) -> &Collection<User> {
        &self.0
    }

    fn due(user: &User) -> Option<Time> {
        user.announce_at()
    }

    fn decide(
        &self,
        user: &User,
        _: Time,
    ) -> impl Future<Output = Result<Option<Decision<User>>, StoreError>> + Send {
        ready(Ok(user.announce()))
    }
}

/// Rotates the signing keys. Replicas may do so at the same time: see [`Keyring::rotate_if_due`].
#[derive(Clone)]
struct KeyRotation(Keyring);

impl PeriodicJob for KeyRotation {
    const NAME: &'static str = "signing-keys";
    const RETRY_DELAY: Duration = Duration::from_secs(10);
    type Error = KeyError;

    async fn run(&self, _: &CancellationToken) -> Result<Time, KeyError> {
        self.0.rotate_if_due().await
    }

    async fn is_idle(&self) -> bool {
        self.0.is_current().await.unwrap_or(false)
    }
}
