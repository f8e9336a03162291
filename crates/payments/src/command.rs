//! What the operator asks for on the command line, beside the running processes or without them.

use std::sync::Arc;
use std::time::Duration;

use bus::LocalBus;
use common::clock::SystemClock;
use common::{Ids, OrderId, SharedClock, SystemEntropy};
use payments::{ReconcileError, RefundError, Settings};
use runtime::config::SecretUrl;
use runtime::{BackendError, ServiceContext, open_beside};
use store::Store;

/// A command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    /// The database does not open.
    #[error(transparent)]
    Open(#[from] BackendError),
    /// The order cannot be refunded.
    #[error(transparent)]
    Refund(#[from] RefundError),
    /// The reconciliation did not come to its end.
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
}

/// `payments refund <order>`
pub(crate) async fn refund(url: &SecretUrl, order: OrderId) -> Result<(), CommandError> {
    let context = open(url).await?;
    println!("{}", payments::refund(&context.store, &context.clock, order).await?);
    context.store.backend().close().await;
    Ok(())
}

/// `payments reconcile`
pub(crate) async fn reconcile(
    url: &SecretUrl,
    settings: Settings,
    window: Duration,
) -> Result<(), CommandError> {
    let context = open(url).await?;
    println!("{}", payments::reconcile(&context, settings, window).await?);
    context.store.backend().close().await;
    Ok(())
}

/// What is announced stays in the outbox, from which the running service publishes it.
async fn open(url: &SecretUrl) -> Result<ServiceContext, BackendError> {
    let clock: SharedClock = Arc::new(SystemClock);
    let ids = Ids::new(Arc::clone(&clock), Arc::new(SystemEntropy));
    let backend = open_beside(payments::NAME, url, &clock, &ids).await?;
    let store = Store::new(backend, Arc::clone(&clock), ids.clone());
    Ok(ServiceContext { store, clock, ids, bus: Arc::new(LocalBus::new()) })
}
