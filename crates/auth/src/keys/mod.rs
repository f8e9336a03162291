//! The keys that tokens are signed with: made on first start, published, rotated.

mod public;
mod schedule;
mod signing_key;
mod withdraw;
mod worker;

use std::error::Error;
use std::sync::Arc;

use common::http::token::{Claims, KeysUnavailable, VerifyingKeys};
use common::{Ids, SharedClock, Time};
use futures::future::{BoxFuture, FutureExt};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use parking_lot::RwLock;
use store::{Collection, CommitError, Store, StoreError};

use public::PublicKey;
pub(crate) use public::PublicKeys;
use schedule::Step;
use signing_key::SigningKey;
pub(crate) use worker::worker;

/// Signs tokens, and knows the keys that they are verified with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keyring(Arc<Inner>);

struct Inner {
    stored: Collection<SigningKey>,
    clock: SharedClock,
    ids: Ids,
    /// The keys as they were last read, oldest first.
    loaded: RwLock<Arc<Vec<LoadedKey>>>,
}

/// A key that is ready for use.
struct LoadedKey {
    kid: String,
    signs_from: Time,
    encoding: EncodingKey,
    decoding: Arc<DecodingKey>,
    public: PublicKey,
}

/// The keys could not be read, made or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect: a stored key is damaged, or there is none.
    #[error("a signing key cannot be used")]
    Unusable(#[source] Box<dyn Error + Send + Sync>),
}

impl KeyError {
    fn unusable(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unusable(cause.into())
    }
}

impl Keyring {
    /// The keys of this database; the first one is made if there is none.
    pub(crate) async fn open(store: &Store, clock: &SharedClock, ids: &Ids) -> Result<Self, KeyError> {
        let keyring = Self(Arc::new(Inner {
            stored: store.collection(),
            clock: Arc::clone(clock),
            ids: ids.clone(),
            loaded: RwLock::default(),
        }));
        keyring.tend().await?;
        Ok(keyring)
    }

    /// Reads the keys, and makes and drops what is due. Returns when something will be due again.
    pub(crate) async fn tend(&self) -> Result<Option<Time>, KeyError> {
        loop {
            let keys = self.0.stored.page(SigningKey::all()).await?.items;
            let Some(step) = schedule::due(&keys, self.0.clock.now()) else {
                self.load(&keys)?;
                return Ok(schedule::next_due(&keys));
            };
            let outcome = match (step, keys.first()) {
                (Step::Make { generation, signs_from }, _) => {
                    let key = SigningKey::generate(self.0.ids.next(), generation, signs_from);
                    self.0.stored.commit(key.map_err(KeyError::unusable)?).await.map(drop)
                }
                (Step::DropOldest, Some(oldest)) => self.0.stored.remove(oldest).await,
                (Step::DropOldest, None) => Ok(()),
            };
            match outcome {
                // Taken or changed meanwhile: another replica took the same step, so look again.
                Ok(()) | Err(CommitError::DuplicateKey(_) | CommitError::Conflict) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
    }

    /// Whether nothing is due, and what is stored is what is used.
    async fn is_tended(&self) -> Result<bool, StoreError> {
        let keys = self.0.stored.page(SigningKey::all()).await?.items;
        let in_use =
            self.loaded().iter().map(|key| key.kid.clone()).eq(keys.iter().map(|key| key.id.to_string()));
        Ok(in_use && schedule::due(&keys, self.0.clock.now()).is_none())
    }

    /// A token that says this.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let (keys, now) = (self.loaded(), self.0.clock.now());
        let key = keys.iter().rfind(|key| key.signs_from <= now).or(keys.first());
        let key = key.ok_or_else(|| KeyError::unusable("there is none"))?;
        let header = Header { kid: Some(key.kid.clone()), ..Header::new(Algorithm::ES256) };
        jsonwebtoken::encode(&header, claims, &key.encoding).map_err(KeyError::unusable)
    }

    /// What everybody may know of the keys.
    pub(crate) fn public(&self) -> PublicKeys {
        PublicKeys { keys: self.loaded().iter().map(|key| key.public.clone()).collect() }
    }

    fn loaded(&self) -> Arc<Vec<LoadedKey>> {
        Arc::clone(&self.0.loaded.read())
    }

    fn load(&self, keys: &[SigningKey]) -> Result<(), KeyError> {
        let loaded = keys.iter().map(LoadedKey::new).collect::<Result<Vec<_>, _>>()?;
        *self.0.loaded.write() = Arc::new(loaded);
        Ok(())
    }
}

/// All keys are in memory, and each is published a day before it signs: what is not here was not made by us.
impl VerifyingKeys for Keyring {
    fn find<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        let keys = self.loaded();
        let found = keys.iter().find(|key| key.kid == kid).map(|key| Arc::clone(&key.decoding));
        futures::future::ready(Ok(found)).boxed()
    }
}

impl LoadedKey {
    fn new(key: &SigningKey) -> Result<Self, KeyError> {
        let kid = key.id.to_string();
        let encoding = EncodingKey::from_ec_der(&key.pkcs8().map_err(KeyError::unusable)?);
        let public = PublicKey::of(&encoding, &kid)?;
        let decoding = DecodingKey::from_ec_components(&public.x, &public.y).map_err(KeyError::unusable)?;
        Ok(Self { kid, signs_from: key.signs_from, encoding, decoding: Arc::new(decoding), public })
    }
}
