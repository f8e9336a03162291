//! Auth: the accounts of users, their sessions, and the keys that sign session tokens.
//!
//! The service publishes `session.revoked` and subscribes to nothing, so there is no `consumer.rs`: in every process,
//! auth's own included, `runtime` consumes that event for [`common::http::Sessions`].

mod accounts;
mod config;
pub mod domain;
mod email_quota;
mod http;
mod keys;
mod link_token;
pub mod password;
mod password_reset;
mod recovery;
mod reset_request;
mod sessions;
mod storage;
mod throttle;
mod verification;
mod workers;

use std::error::Error;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use common::http::token::VerifyingKeys;
use common::{Ids, SharedClock, Time};
use mail::EmailContext;
use runtime::{Service, ServiceContext, WakeSignal};
use store::{Collection, Store};

pub use crate::config::Config;
use crate::domain::{Session, User};
use crate::email_quota::EmailQuota;
pub use crate::keys::KeyError;
use crate::keys::Keyring;
use crate::password::Hashing;
use crate::reset_request::ResetRequest;
use crate::throttle::Throttle;
pub use recovery::RECOVERY;
pub use storage::DOCUMENTS;

/// The name of the service.
pub const NAME: &str = "auth";

/// The service, and the parts of it that other code of the same process uses.
pub struct Auth {
    /// The service.
    pub service: Service,
    /// The keys that verify its tokens.
    pub keys: Arc<dyn VerifyingKeys>,
}

/// The reason why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The signing keys cannot be read or generated.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A password cannot be hashed.
    #[error("passwords cannot be hashed on this machine")]
    Hashing(#[source] Box<dyn Error + Send + Sync>),
}

/// The auth service, which sends its emails with `mail`. Generates the first signing key of a new database.
///
/// # Errors
/// A key or the password hashing is unavailable: see [`StartError`].
pub async fn service(
    context: &ServiceContext,
    config: Config,
    mail: EmailContext,
) -> Result<Auth, StartError> {
    let accounts = Accounts::new(context, &config, mail).await?;
    let service = Service {
        documents: DOCUMENTS,
        routes: http::routes(accounts.clone()),
        workers: workers::workers(&accounts),
        ..Service::new(NAME, "/api/users")
    };
    Ok(Auth { service, keys: Arc::new(accounts.keyring) })
}

/// Revokes every signing key and generates a new one. Returns the number of revoked keys.
///
/// The sessions that the revoked keys signed end when every process that caches the keys has restarted.
///
/// # Errors
/// The database failed.
pub async fn revoke_keys(store: &Store, clock: &SharedClock, ids: &Ids) -> Result<usize, KeyError> {
    Keyring::open(store, clock, ids).await?.revoke_all().await
}

/// The state that handlers and workers share: users, their passwords and their sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Accounts {
    store: Collection<User>,
    sessions: Collection<Session>,
    keyring: Keyring,
    hashing: Hashing,
    throttle: Arc<Throttle>,
    resets: Collection<ResetRequest>,
    quotas: Collection<EmailQuota>,
    max_emails: u32,
    mail: EmailContext,
    email_wake: Arc<WakeSignal>,
    reset_wake: Arc<WakeSignal>,
    clock: SharedClock,
    ids: Ids,
}

impl Accounts {
    async fn new(context: &ServiceContext, config: &Config, mail: EmailContext) -> Result<Self, StartError> {
        let ServiceContext { store, clock, ids, .. } = context;
        verification::register();
        let keyring = Keyring::open(store, clock, ids).await?;
        let cores = available_parallelism().map_or(1, NonZero::get);
        let hashing = Hashing::start(cores, ids.bytes(), ids.bytes()).await;
        Ok(Self {
            store: store.collection(),
            sessions: store.collection(),
            keyring,
            hashing: hashing.map_err(|error| StartError::Hashing(error.into()))?,
            throttle: Arc::new(Throttle::new(config)),
            resets: store.collection(),
            quotas: store.collection(),
            max_emails: config.max_emails,
            mail,
            email_wake: Arc::default(),
            reset_wake: Arc::default(),
            clock: clock.clone(),
            ids: ids.clone(),
        })
    }

    fn now(&self) -> Time {
        self.clock.now()
    }
}
