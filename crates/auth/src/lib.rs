//! Auth: the accounts of users, their sessions, and the keys that sign session tokens.
//!
//! The service publishes `session.revoked`: in every process, auth's own included, `runtime` consumes that event for
//! [`common::http::Sessions`].

mod accounts;
mod activity;
mod closing;
mod config;
mod consumer;
mod device;
pub mod domain;
mod http;
mod keys;
mod master_key;
mod passkeys;
pub mod password;
mod password_reset;
mod recovery;
mod reset_request;
mod second_factor;
mod secret_token;
mod security;
mod sessions;
mod storage;
#[cfg(feature = "testing")]
pub mod testing;
mod throttle;
mod totp;
mod verification;
mod workers;

use std::error::Error;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use bus::Subscription;
use common::http::token::VerifyingKeys;
use common::{Ids, SharedClock, Time};
use mail::EmailContext;
use runtime::{Service, ServiceContext, Tasks, WakeSignal};
use store::Collection;

pub use crate::config::Config;
use crate::domain::{Activity, Challenge, Closing, Session, User};
pub use crate::keys::KeyError;
use crate::keys::Keyring;
pub use crate::master_key::{KeyFile, KeyFileError, MasterKey};
use crate::passkeys::{PasskeyChallenge, RelyingParty};
use crate::password::Hashing;
use crate::reset_request::ResetRequest;
use crate::throttle::Throttle;
pub use recovery::RECOVERY;
pub use storage::DOCUMENTS;

/// The name of the service, and of its consumer on the bus.
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
    key: MasterKey,
    mail: EmailContext,
) -> Result<Auth, StartError> {
    let accounts = Accounts::new(context, &config, key, mail).await?;
    let service = Service {
        documents: DOCUMENTS,
        routes: http::routes(accounts.clone()),
        workers: workers::workers(&accounts),
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consumer::SUBJECTS,
            handler: Arc::new(accounts.clone()),
        }],
        ..Service::new(NAME, "/api/users")
    };
    Ok(Auth { service, keys: Arc::new(accounts.keyring) })
}

/// The signing keys of a database, for the operator.
pub struct SigningKeys(Keyring);

impl SigningKeys {
    /// The keys, encrypted under the master key.
    ///
    /// # Errors
    /// The database failed, or a key cannot be decrypted.
    pub async fn open(context: &ServiceContext, key: MasterKey) -> Result<Self, KeyError> {
        let ServiceContext { store, clock, ids, .. } = context;
        Ok(Self(Keyring::open(store, clock, ids, key).await?))
    }

    /// Generates the next key before its time, and returns when it starts to sign. All sessions live on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn rotate(&self) -> Result<Time, KeyError> {
        self.0.rotate().await
    }

    /// Revokes every signing key and generates a new one. Returns the number of revoked keys.
    ///
    /// The sessions that the revoked keys signed end when every process that caches the keys has restarted.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke(&self) -> Result<usize, KeyError> {
        self.0.revoke_all().await
    }

    /// Stores every key in clear, so that a former release can read it. Returns their number.
    ///
    /// # Errors
    /// The database failed.
    pub async fn unseal(&self) -> Result<usize, KeyError> {
        self.0.unseal_all().await
    }
}

/// The state that handlers and workers share: users, their passwords and their sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Accounts {
    store: Collection<User>,
    sessions: Collection<Session>,
    closings: Collection<Closing>,
    keyring: Keyring,
    hashing: Hashing,
    resets: Collection<ResetRequest>,
    challenges: Collection<Challenge>,
    activities: Collection<Activity>,
    passkey_challenges: Collection<PasskeyChallenge>,
    relying_party: RelyingParty,
    max_emails: u32,
    mail: EmailContext,
    email_wake: Arc<WakeSignal>,
    reset_wake: Arc<WakeSignal>,
    throttle: Throttle,
    /// Encrypts secrets that are stored, or that browsers keep.
    key: MasterKey,
    /// The largest number of sessions of one user; 0: no limit.
    max_sessions: usize,
    /// The work that no reply waits for.
    tasks: Tasks,
    clock: SharedClock,
    ids: Ids,
}

impl Accounts {
    async fn new(
        context: &ServiceContext,
        config: &Config,
        key: MasterKey,
        mail: EmailContext,
    ) -> Result<Self, StartError> {
        let ServiceContext { store, clock, ids, tasks, .. } = context;
        verification::register();
        let keyring = Keyring::open(store, clock, ids, key.clone()).await?;
        security::register();
        let cores = available_parallelism().map_or(1, NonZero::get);
        let hashing = Hashing::start(cores, ids.bytes(), ids.bytes()).await;
        Ok(Self {
            store: store.collection(),
            sessions: store.collection(),
            closings: store.collection(),
            keyring,
            hashing: hashing.map_err(|error| StartError::Hashing(error.into()))?,
            resets: store.collection(),
            challenges: store.collection(),
            activities: store.collection(),
            passkey_challenges: store.collection(),
            relying_party: RelyingParty::new(&mail.public_url),
            max_emails: config.max_emails,
            mail,
            email_wake: Arc::default(),
            reset_wake: Arc::default(),
            throttle: Throttle::new(store.collection(), key.clone(), config),
            key,
            max_sessions: config.max_sessions.into(),
            tasks: tasks.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        })
    }

    fn now(&self) -> Time {
        self.clock.now()
    }
}
