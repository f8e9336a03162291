//! What the operator asks for on the command line, beside the running processes.

use std::sync::Arc;

use auth::KeyError;
use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use runtime::config::SecretUrl;
use runtime::{BackendError, open_beside};
use store::Store;

/// The command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] BackendError),
    /// The keys could not be withdrawn.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

/// `auth withdraw-keys`
pub(crate) async fn withdraw_keys(url: &SecretUrl) -> Result<(), CommandError> {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let backend = open_beside("auth", url, &clock, &ids).await?;
    let store = Store::new(backend, Arc::clone(&clock), ids.clone());
    let withdrawn = auth::withdraw_keys(&store, &clock, &ids).await?;
    println!(
        "Keys withdrawn: {withdrawn}. Start every service again now, auth first; everybody has to sign in again."
    );
    store.backend().close().await;
    Ok(())
}
