//! What the operator asks for on the command line, beside the running processes or without them.

use std::sync::Arc;

use common::clock::SystemClock;
use common::{Ids, SharedClock, SystemEntropy};
use payments::RefundError;
use runtime::config::SecretUrl;
use runtime::{BackendError, open_beside};
use store::Store;

use crate::options::Refund;

/// A command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] BackendError),
    /// The order cannot be refunded.
    #[error(transparent)]
    Refund(#[from] RefundError),
}

/// `payments refund <order>`
pub(crate) async fn refund(wanted: &Refund) -> Result<(), CommandError> {
    let (store, clock) = open(&wanted.store_url).await?;
    println!("{}", payments::refund(&store, &clock, wanted.order).await?);
    store.backend().close().await;
    Ok(())
}

async fn open(url: &SecretUrl) -> Result<(Store, SharedClock), BackendError> {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let backend = open_beside(payments::NAME, url, &clock, &ids).await?;
    Ok((Store::new(backend, Arc::clone(&clock), ids), clock))
}
