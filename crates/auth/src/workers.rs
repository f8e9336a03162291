//! The workers: rotate the signing keys, and purge sessions that have ended.

use std::time::Duration;

use common::Time;
use runtime::{PeriodicJob, Purge, Worker};
use tokio_util::sync::CancellationToken;

use crate::Accounts;
use crate::keys::{KeyError, Keyring};
use crate::storage::index;

pub(crate) fn workers(accounts: &Accounts) -> Vec<Worker> {
    let rotation = KeyRotation(accounts.keyring.clone());
    let purge = Purge {
        collection: accounts.sessions.clone(),
        index: index::BY_EXPIRY,
        retention: Duration::ZERO,
        clock: accounts.clock.clone(),
    };
    vec![Worker::periodic(rotation, accounts.clock.clone()), purge.worker()]
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
