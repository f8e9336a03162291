//! All services on one bus, behind one address.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use bus::Bus;
use common::http::Sessions;
use common::{Ids, SharedClock};
use mail::{EmailContext, MailOptions};
use mail_sim::MailSim;
use runtime::{HttpOptions, PrefixRouter, RunningService, Service, ServiceContext, SubscribedService, Tasks};
use store::{Backend, Store, StoreError};
use stripe_sim::{Fees, StripeSim};

use crate::SIMULATOR;

/// Opens a database out of [`DATABASES`](crate::DATABASES).
pub type OpenBackend<E> = Box<dyn Fn(&str) -> Result<Arc<dyn Backend>, E> + Send + Sync>;

/// Dependencies and settings of a marketplace. Tests inject their own clock, ids, databases and bus.
pub struct Parts<E> {
    /// The clock.
    pub clock: SharedClock,
    /// The generator of ids and secrets.
    pub ids: Ids,
    /// Opens the databases.
    pub open: OpenBackend<E>,
    /// The event bus.
    pub bus: Arc<dyn Bus>,
    /// Settings of auth.
    pub auth: auth::Config,
    /// The key that encrypts auth's secrets.
    pub auth_key: auth::MasterKey,
    /// How long a ticket is held.
    pub hold: Duration,
    /// Options of the HTTP layer.
    pub http: HttpOptions,
    /// The marketplace's address, to which the simulator posts webhooks.
    pub address: SocketAddr,
    /// The simulator's address.
    pub stripe_address: SocketAddr,
    /// The address of the SMTP server, to which the services send emails.
    pub mail_sim_address: SocketAddr,
    /// The simulator's fees.
    pub fees: Fees,
}

/// A marketplace cannot be assembled.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError<E> {
    /// A database cannot be opened.
    #[error(transparent)]
    Open(E),
    /// A database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Auth cannot start.
    #[error(transparent)]
    Auth(#[from] auth::StartError),
    /// Emails cannot be sent.
    #[error(transparent)]
    Mail(#[from] mail::OptionsError),
    /// Payments cannot start.
    #[error(transparent)]
    Payments(#[from] payments::ConfigError),
}

/// A running marketplace.
pub struct Marketplace {
    /// The routes of all services and pages.
    pub router: Router,
    /// The Stripe simulator, served on an address of its own.
    pub stripe: StripeSim,
    /// The mailbox with its SMTP server, each served on an address of its own.
    pub mail: MailSim,
    /// The stores by service name.
    pub stores: Vec<(&'static str, Store)>,
    running: Vec<RunningService>,
}

impl Marketplace {
    /// Assembles a marketplace and starts its workers, which stop with `tasks`. Serving is left to the caller.
    ///
    /// # Errors
    /// A database failed, or a service cannot start.
    pub async fn assemble<E>(parts: Parts<E>, tasks: &Tasks) -> Result<Self, AssembleError<E>> {
        let mut stores = Vec::new();
        let mut context = |name: &'static str| -> Result<ServiceContext, AssembleError<E>> {
            let backend = (parts.open)(name).map_err(AssembleError::Open)?;
            let (clock, ids) = (Arc::clone(&parts.clock), parts.ids.clone());
            let store = Store::new(backend, Arc::clone(&clock), ids.clone());
            stores.push((name, store.clone()));
            Ok(ServiceContext { store, clock, ids, bus: Arc::clone(&parts.bus), tasks: tasks.clone() })
        };
        let stripe = stripe(&context(SIMULATOR)?, &parts);
        let auth_context = context("auth")?;
        let (key, mail) = (parts.auth_key.clone(), email_context(&parts)?);
        let auth = auth::service(&auth_context, parts.auth.clone(), key, mail.clone()).await?;
        let (tickets, orders) = (context("tickets")?, context("orders")?);
        let (expiration, payments) = (context("expiration")?, context("payments")?);
        let notifications = context("notifications")?;
        let services = vec![
            (auth.service, auth_context),
            (tickets::service(&tickets), tickets),
            (orders::service(&orders, orders::Config { hold: parts.hold }), orders),
            (expiration::service(&expiration), expiration),
            (payments::service(&payments, payments_config(parts.stripe_address))?, payments),
            (notifications::service(&notifications, mail), notifications),
        ];
        let sessions = Sessions::new(auth.keys);
        let running = start(services, &sessions, &parts.http, tasks).await?;
        let (webhooks, stop) = (stripe.clone(), tasks.stop_token());
        tasks.spawn(async move { webhooks.deliver_webhooks(stop).await });
        let router = router(&running, &parts, sessions);
        let mail = MailSim::new(Arc::clone(&parts.clock), parts.ids.clone());
        Ok(Self { router, stripe, mail, stores, running })
    }

    /// Whether all outboxes are empty, no worker has work that is due, and the simulator has delivered all due webhooks.
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

    /// Closes the databases. Call this after all tasks have stopped.
    pub async fn close(self) {
        for (_, store) in self.stores {
            store.backend().close().await;
        }
    }
}

/// Subscribes all services before any of them starts to publish.
async fn start(
    services: Vec<(Service, ServiceContext)>,
    sessions: &Sessions,
    http: &HttpOptions,
    tasks: &Tasks,
) -> Result<Vec<RunningService>, StoreError> {
    let mut subscribed = Vec::new();
    for (service, context) in services {
        subscribed.push(SubscribedService::new(service, &context, sessions.clone(), http).await?);
    }
    Ok(subscribed.into_iter().map(|service| service.start(tasks, tasks)).collect())
}

fn router<E>(running: &[RunningService], parts: &Parts<E>, sessions: Sessions) -> Router {
    let services: Vec<_> = running.iter().map(|one| (one.prefix, one.router.clone())).collect();
    let pages = client::Settings {
        clock: Arc::clone(&parts.clock),
        ids: parts.ids.clone(),
        sessions,
        http: parts.http.clone(),
        stripe_js: payments_config(parts.stripe_address).stripe_js,
    };
    // The pages call the routes of services only.
    let api = PrefixRouter::new(services.clone(), Router::new()).into_router();
    let pages = client::routes(pages, client::Api::in_process(api));
    let all = std::iter::once((client::EXPORT, pages.clone())).chain(services).collect();
    PrefixRouter::new(all, pages).into_router()
}

fn email_context<E>(parts: &Parts<E>) -> Result<EmailContext, mail::OptionsError> {
    let smtp_url = format!("smtp://{}", parts.mail_sim_address).into();
    let public_url = parts.http.public_url.clone().unwrap_or_else(|| format!("http://{}", parts.address));
    EmailContext::smtp(&MailOptions { smtp_url, ..MailOptions::default() }, &public_url)
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

/// The settings of payments with the simulator at this address.
pub(crate) fn payments_config(stripe: SocketAddr) -> payments::Config {
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

/// The URL of the simulator's script for browsers.
pub(crate) fn stripe_script(stripe: SocketAddr) -> String {
    format!("http://{stripe}/stripe.js")
}
