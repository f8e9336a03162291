//! Accounts and sessions: who somebody is.

mod accounts;
mod config;
mod documents;
pub mod domain;
mod http;
mod keys;
pub mod password;
mod sweep;
mod throttle;

use std::num::NonZero;
use std::sync::Arc;

use common::http::token::VerifyingKeys;
use common::{Ids, SharedClock};
use runtime::{Service, ServiceContext};
use store::Store;

pub use accounts::{Accounts, EnsureError};
pub use config::Config;
pub use keys::KeyError;

use keys::Keyring;
use password::Hashing;
use throttle::Throttle;

/// The name of the service.
pub const NAME: &str = "auth";

/// The service, and what others in the same process may use of it.
pub struct Auth {
    /// The service.
    pub service: Service,
    /// The keys that its tokens are verified with.
    pub keys: Arc<dyn VerifyingKeys>,
    /// The accounts: for opening the demonstration's.
    pub accounts: Accounts,
}

/// The service could not be made.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The signing keys could not be read or made.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A password could not be hashed.
    #[error("hashing does not work on this machine")]
    Hashing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Withdraws every signing key and makes a new one. Sessions signed with the old ones end, once every process that keeps
/// them in memory was started again. Returns how many were withdrawn.
///
/// # Errors
/// The database failed.
pub async fn withdraw_keys(store: &Store, clock: &SharedClock, ids: &Ids) -> Result<usize, KeyError> {
    Keyring::open(store, clock, ids).await?.withdraw().await
}

/// Makes the service; on a new database this makes its first signing key.
///
/// # Errors
/// [`StartError`] tells what is not there.
pub async fn start(context: &ServiceContext, config: Config) -> Result<Auth, StartError> {
    let keyring = Keyring::open(&context.store, &context.clock, &context.ids).await?;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let hashing = Hashing::start(cores, context.ids.bytes(), context.ids.bytes()).await;
    let accounts = Accounts {
        users: context.store.collection(),
        sessions: context.store.collection(),
        keyring: keyring.clone(),
        hashing: hashing.map_err(|error| StartError::Hashing(error.into()))?,
        throttle: Arc::new(Throttle::new(&config)),
        clock: Arc::clone(&context.clock),
        ids: context.ids.clone(),
    };
    let service = Service {
        routes: http::routes(accounts.clone()),
        workers: vec![
            keys::worker(keyring.clone()),
            sweep::worker(accounts.sessions.clone(), Arc::clone(&context.clock)),
        ],
        ..Service::new(NAME, "/api/users")
    };
    Ok(Auth { service, keys: Arc::new(keyring), accounts })
}
