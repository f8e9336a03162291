//! Auth: the accounts of users, their sessions, and the keys that sign session tokens.
//!
//! The service publishes `session.revoked` and subscribes to nothing, so there is no `consumer.rs`: in every process,
//! auth's own included, `runtime` consumes that event for [`common::http::Sessions`].

mod accounts;
mod config;
pub mod domain;
mod http;
mod keys;
pub mod password;
mod recovery;
mod sessions;
mod storage;
mod throttle;
mod workers;

use std::error::Error;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use common::http::token::VerifyingKeys;
use common::{Ids, SharedClock, Time};
use runtime::{Service, ServiceContext};
use store::{Collection, Store};

pub use crate::config::Config;
use crate::domain::{Session, User};
pub use crate::keys::KeyError;
use crate::keys::Keyring;
use crate::password::Hashing;
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

/// The auth service. Generates the first signing key of a new database.
///
/// # Errors
/// A key or the password hashing is unavailable: see [`StartError`].
pub async fn service(context: &ServiceContext, config: Config) -> Result<Auth, StartError> {
    let accounts = Accounts::new(context, &config).await?;
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
    clock: SharedClock,
    ids: Ids,
}

impl Accounts {
    async fn new(context: &ServiceContext, config: &Config) -> Result<Self, StartError> {
        let ServiceContext { store, clock, ids, .. } = context;
        let keyring = Keyring::open(store, clock, ids).await?;
        let cores = available_parallelism().map_or(1, NonZero::get);
        let hashing = Hashing::start(cores, ids.bytes(), ids.bytes()).await;
        Ok(Self {
            store: store.collection(),
            sessions: store.collection(),
            keyring,
            hashing: hashing.map_err(|error| StartError::Hashing(error.into()))?,
            throttle: Arc::new(Throttle::new(config)),
            clock: clock.clone(),
            ids: ids.clone(),
        })
    }

    fn now(&self) -> Time {
        self.clock.now()
    }
}
