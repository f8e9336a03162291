//! The command `recover`: brings the restored database of one service up to date with the others in the same folder.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bus::LocalBus;
use common::{Ids, SharedClock, SystemEntropy};
use mail::{EmailContext, MailOptions};
use runtime::{
    BoxError, EventFiles, RecoverySummary, Service, ServiceContext, ServiceStore, Tasks, bind, export_events,
    serve, stop,
};
use store::Store;
use store::sqlite::{SqliteBackend, SqliteOpenError};
use stripe_sim::{Settings, StripeSim};

use crate::commands::service_store;
use crate::marketplace::payments_config;
use crate::{DATABASES, SIMULATOR, database_file};

/// Recovers the database of a service after it was restored from a backup. The marketplace must be stopped.
///
/// # Errors
/// The marketplace is running, a database failed, or the simulator does not answer.
pub async fn recover(service: &str, folder: &Path, clock: &SharedClock) -> Result<RecoverySummary, BoxError> {
    let name = DATABASES.into_iter().find(|name| *name == service).ok_or("there is no such service")?;
    let (target, context) = open(folder, name, clock)?;
    let mut given = EventFiles::default();
    for source in target.recovery.sources {
        let (source, context) = open(folder, source, clock)?;
        let events = &mut given.events;
        let unreadable = export_events(&source, &context, None, |event| events.push(Arc::new(event))).await?;
        given.unreadable.extend(unreadable.iter().map(ToString::to_string));
        context.store.backend().close().await;
    }
    // Empty: the others know nothing, which is all that they can tell.
    let has_events = !given.events.is_empty();
    let mut summary = RecoverySummary::default();
    if has_events || target.recovery.sources.is_empty() {
        let build = async |context: &_| build(name, context);
        summary = Box::pin(runtime::recover(&target, &context, build, given)).await?;
    }
    if name == payments::NAME && summary.refused.is_empty() {
        Box::pin(reconcile(folder, &context)).await?;
    }
    context.store.backend().close().await;
    Ok(summary)
}

/// Opens a database that no other process has open.
fn open(
    folder: &Path,
    name: &'static str,
    clock: &SharedClock,
) -> Result<(ServiceStore, ServiceContext), SqliteOpenError> {
    let backend = SqliteBackend::open(database_file(folder, name))?;
    let ids = Ids::new(Arc::clone(clock), Arc::new(SystemEntropy));
    let store = Store::new(backend, Arc::clone(clock), ids.clone());
    let (bus, tasks) = (Arc::new(LocalBus::new()), Tasks::default());
    let context = ServiceContext { store: store.clone(), clock: Arc::clone(clock), ids, bus, tasks };
    Ok((service_store(name, store), context))
}

/// A service whose consumers are called, without running. They call neither other services nor Stripe, and
/// send no email.
fn build(name: &'static str, context: &ServiceContext) -> Result<Service, BoxError> {
    Ok(match name {
        tickets::NAME => tickets::service(context),
        orders::NAME => orders::service(context, orders::Config { hold: Duration::ZERO }),
        expiration::NAME => expiration::service(context),
        payments::NAME => payments::service(context, payments_config((Ipv4Addr::LOCALHOST, 0).into()))?,
        notifications::NAME => {
            notifications::service(context, EmailContext::smtp(&MailOptions::default(), "")?)
        }
        _ => Service::new(name, ""),
    })
}

/// Compares payments with the simulator, which serves for that long.
async fn reconcile(folder: &Path, payments: &ServiceContext) -> Result<(), BoxError> {
    let (_, context) = open(folder, SIMULATOR, &payments.clock)?;
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), "--stripe-listen").await?;
    let address = listener.local_addr()?;
    let ServiceContext { store, clock, ids, tasks, .. } = context;
    let stripe = StripeSim::new(&store, clock, ids, Settings::default());
    tasks.spawn(serve(listener, stripe.router(), tasks.stop_token()));
    let report = payments::reconcile(payments, payments_config(address), payments::RECOVERY_WINDOW).await;
    tasks.stop(stop::WORK_TIMEOUT).await;
    store.backend().close().await;
    println!("{}", report?);
    Ok(())
}
