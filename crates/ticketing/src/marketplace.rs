//! Every service on one bus, behind one address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bus::Bus;
use common::http::Sessions;
use common::{Ids, SharedClock};
use runtime::{HttpOptions, PrefixRouter, Running, Service, ServiceContext, Subscribed, Tasks};
use store::{Backend, Store, StoreError};
use stripe_sim::{Fees, StripeSim};

/// Opens the database of a name out of [`DATABASES`](crate::data::DATABASES).
pub type Open<E> = Box<dyn Fn(&str) -> Result<Arc<dyn Backend>, E> + Send + Sync>;

/// What a marketplace is made from. A test brings its own clock, chance, databases and bus.
pub struct Parts<E> {
    /// The time.
    pub clock: SharedClock,
    /// New ids and secrets.
    pub ids: Ids,
    /// Opens the databases.
    pub open: Open<E>,
    /// Carries the events.
    pub bus: Arc<dyn Bus>,
    /// How signing in is throttled.
    pub auth: auth::Config,
    /// How long a ticket is held.
    pub hold: Duration,
    /// How people reach it.
    pub http: HttpOptions,
    /// Where the marketplace will be served: the simulator posts its webhooks there.
    pub address: SocketAddr,
    /// Where the simulator will be served.
    pub stripe_address: SocketAddr,
    /// What the simulator takes for its work.
    pub fees: Fees,
}

/// A marketplace cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError<E> {
    /// A database does not open.
    #[error(transparent)]
    Open(E),
    /// A database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Auth cannot start.
    #[error(transparent)]
    Auth(#[from] auth::StartError),
    /// Payments cannot start.
    #[error(transparent)]
    Payments(#[from] payments::ConfigError),
}

/// The marketplace at work.
pub struct Marketplace {
    /// All routes.
    pub router: Router,
    /// Stands for Stripe; its router is served on an address of its own.
    pub stripe: StripeSim,
    /// The databases by the names of their services.
    pub stores: Vec<(&'static str, Store)>,
    running: Vec<Running>,
}

impl Marketplace {
    /// Puts a marketplace together and starts everything but the serving. Its tasks end when `tasks` are stopped.
    ///
    /// # Errors
    /// A database failed.
    pub async fn assemble<E>(parts: Parts<E>, tasks: &Tasks) -> Result<Self, AssembleError<E>> {
        let mut stores = Vec::new();
        let mut context = |name: &'static str| -> Result<ServiceContext, AssembleError<E>> {
            let backend = (parts.open)(name).map_err(AssembleError::Open)?;
            let (clock, ids) = (Arc::clone(&parts.clock), parts.ids.clone());
            let store = Store::new(backend, Arc::clone(&clock), ids.clone());
            stores.push((name, store.clone()));
            Ok(ServiceContext { store, clock, ids, bus: Arc::clone(&parts.bus) })
        };
        let stripe = stripe(&context("stripe")?, &parts);
        let auth_kit = context("auth")?;
        let auth = auth::service(&auth_kit, parts.auth.clone()).await?;
        let (tickets, orders) = (context("tickets")?, context("orders")?);
        let (expiration, payments) = (context("expiration")?, context("payments")?);
        let services = vec![
            (auth.service, auth_kit),
            (tickets::service(&tickets), tickets),
            (orders::service(&orders, orders::Config { hold: parts.hold }), orders),
            (expiration::service(&expiration), expiration),
            (payments::service(&payments, payments_config(parts.stripe_address))?, payments),
        ];
        let sessions = Sessions::new(auth.keys);
        let running = start(services, &sessions, &parts.http, tasks).await?;
        let (teller, stop) = (stripe.clone(), tasks.stop_token());
        tasks.spawn(async move { teller.deliver_webhooks(stop).await });
        let router = front(&running, &parts, sessions);
        Ok(Self { router, stripe, stores, running })
    }

    /// Whether nothing is on its way: every outbox is empty, no worker has anything to do now, and the simulator has
    /// told everything that is due.
    ///
    /// # Errors
    /// A database failed.
    pub async fn is_idle(&self) -> Result<bool, StoreError> {
        for (_, store) in &self.stores {
            if !store.backend().outbox(0, 1).await?.is_empty() {
                return Ok(false);
            }
        }
        for service in &self.running {
            if !service.is_idle().await {
                return Ok(false);
            }
        }
        self.stripe.idle().await?;
        Ok(true)
    }

    /// Closes the databases, after everything else has ended.
    pub async fn close(self) {
        for (_, store) in self.stores {
            store.backend().close().await;
        }
    }
}

/// Everybody listens before anybody speaks.
async fn start(
    services: Vec<(Service, ServiceContext)>,
    sessions: &Sessions,
    http: &HttpOptions,
    tasks: &Tasks,
) -> Result<Vec<Running>, StoreError> {
    let mut subscribed = Vec::new();
    for (service, context) in services {
        subscribed.push(Subscribed::new(service, &context, sessions.clone(), http).await?);
    }
    Ok(subscribed.into_iter().map(|service| service.start(tasks, tasks)).collect())
}

fn front<E>(running: &[Running], parts: &Parts<E>, sessions: Sessions) -> Router {
    let services: Vec<_> = running.iter().map(|one| (one.prefix, one.router.clone())).collect();
    let pages = client::Settings {
        clock: Arc::clone(&parts.clock),
        ids: parts.ids.clone(),
        sessions,
        http: parts.http.clone(),
        stripe_js: payments_config(parts.stripe_address).stripe_js,
    };
    // The pages ask for nothing but what services have.
    let api = PrefixRouter::new(services.clone(), Router::new()).into_router();
    PrefixRouter::new(services, client::routes(pages, client::Api::in_process(api))).into_router()
}

fn stripe<E>(context: &ServiceContext, parts: &Parts<E>) -> StripeSim {
    let settings = stripe_sim::Settings {
        public_url: format!("http://{}", parts.stripe_address),
        webhook_url: Some(format!("http://{}/api/payments/webhook", parts.address)),
        fees: parts.fees,
        ..stripe_sim::Settings::default()
    };
    StripeSim::new(&context.store, Arc::clone(&context.clock), context.ids.clone(), settings)
}

fn payments_config(stripe: SocketAddr) -> payments::Config {
    let sim = stripe_sim::Settings::default();
    payments::Config {
        stripe_url: Some(format!("http://{stripe}")),
        secret_key: sim.secret_key,
        publishable_key: sim.publishable_key,
        webhook_secrets: sim.webhook_secrets,
        stripe_js: stripe_script(stripe),
        allow_live: false,
    }
}

/// Where the simulator's script for browsers is.
fn stripe_script(stripe: SocketAddr) -> String {
    format!("http://{stripe}/stripe.js")
}
