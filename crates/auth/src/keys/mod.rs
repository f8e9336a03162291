//! The keys that sign session tokens: generated at the first start, published, rotated, revoked.

mod public;
mod schedule;
mod signing_key;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use common::http::token::{self, Claims, KeysUnavailable, VerifyingKeys};
use common::{Ids, SharedClock, Time};
use futures::future::{BoxFuture, FutureExt};
use jsonwebtoken::{DecodingKey, EncodingKey};
use parking_lot::RwLock;
use store::{Collection, CommitError, Store, StoreError};

use crate::master_key::MasterKey;
use crate::security;
use public::PublicKey;
pub(crate) use public::PublicKeys;
use schedule::Step;
pub(crate) use signing_key::SigningKey;

/// The longest delay before the keys are read again: another replica may have generated one, which signs a day later
/// at the earliest.
const RELOAD_INTERVAL: Duration = Duration::from_hours(1);

/// The signer of tokens, with the keys that verify them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keyring(Arc<Inner>);

struct Inner {
    store: Collection<SigningKey>,
    clock: SharedClock,
    ids: Ids,
    master: MasterKey,
    /// The keys as last read, oldest first.
    loaded: RwLock<Arc<Vec<LoadedKey>>>,
}

/// A signing key, decoded.
struct LoadedKey {
    kid: String,
    signs_from: Time,
    encoding: EncodingKey,
    decoding: Arc<DecodingKey>,
    public: PublicKey,
}

/// The reason why signing keys cannot be read, generated or used.
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
    /// Loads the keys of a database, and generates the first one if there is none.
    pub(crate) async fn open(
        store: &Store,
        clock: &SharedClock,
        ids: &Ids,
        master: MasterKey,
    ) -> Result<Self, KeyError> {
        let keyring = Self(Arc::new(Inner {
            store: store.collection(),
            clock: Arc::clone(clock),
            ids: ids.clone(),
            master,
            loaded: RwLock::default(),
        }));
        keyring.rotate_if_due().await?;
        Ok(keyring)
    }

    /// Loads the keys, after generating the next key and removing the oldest where that is due. Returns the time of the
    /// next run.
    pub(crate) async fn rotate_if_due(&self) -> Result<Time, KeyError> {
        let reload_at = self.0.clock.now().after(RELOAD_INTERVAL);
        loop {
            let page = self.0.store.page(SigningKey::all()).await?;
            // A rotation is decided on all keys, so it waits for a release that can read them.
            let keys = if page.items.is_empty() {
                page.complete()?.items
            } else if page.unreadable.is_empty() {
                page.items
            } else {
                self.load(&page.items)?;
                return Ok(reload_at);
            };
            if self.reseal(&keys).await? {
                continue;
            }
            let Some(step) = schedule::due(&keys, self.0.clock.now()) else {
                self.load(&keys)?;
                return Ok(schedule::next_due(&keys).map_or(reload_at, |due| due.min(reload_at)));
            };
            match (step, keys.first()) {
                (Step::Generate { generation, signs_from }, _) => {
                    self.generate(generation, signs_from).await?;
                }
                (Step::RemoveOldest, Some(oldest)) => {
                    won(self.0.store.remove(oldest).await)?;
                }
                (Step::RemoveOldest, None) => {}
            }
        }
    }

    /// Encrypts the keys that are stored in clear or under a former master key. Returns whether there were any.
    async fn reseal(&self, keys: &[SigningKey]) -> Result<bool, KeyError> {
        let mut changed = false;
        for key in keys {
            let resealed = key.reseal(&self.0.master, self.0.ids.bytes()).map_err(KeyError::unusable)?;
            if let Some(resealed) = resealed {
                won(self.0.store.commit(resealed).await)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    async fn generate(&self, generation: u32, signs_from: Time) -> Result<bool, KeyError> {
        let Inner { ids, master, store, .. } = &*self.0;
        let key = SigningKey::generate(ids.next(), generation, signs_from, master, ids.bytes());
        let generated = won(store.commit(key.map_err(KeyError::unusable)?).await)?;
        if generated {
            tracing::info!(target: security::TARGET, event = "key-generated", generation, %signs_from, "security");
        }
        Ok(generated)
    }

    /// Generates the next key before its time. Like every key, the key is published for a day before it signs. Returns
    /// when it signs: the key that is waiting already, if there is one.
    ///
    /// # Errors
    /// The database failed, or a key is unreadable.
    pub(crate) async fn rotate(&self) -> Result<Time, KeyError> {
        let now = self.0.clock.now();
        loop {
            let keys = self.0.store.page(SigningKey::all()).await?.complete()?.items;
            let newest = keys.last().ok_or_else(|| KeyError::unusable("there is no signing key"))?;
            if newest.signs_from > now {
                return Ok(newest.signs_from);
            }
            self.generate(newest.generation + 1, now.after(schedule::PUBLICATION_PERIOD)).await?;
        }
    }

    /// Stores every key in clear, for a former release. Returns their number.
    ///
    /// # Errors
    /// The database failed, or a key is unreadable.
    pub(crate) async fn unseal_all(&self) -> Result<usize, KeyError> {
        let keys = self.0.store.page(SigningKey::all()).await?.complete()?.items;
        for key in &keys {
            let clear = key.unseal(&self.0.master).map_err(KeyError::unusable)?;
            won(self.0.store.commit(clear).await)?;
        }
        Ok(keys.len())
    }

    /// Whether no step is due, and the loaded keys are the stored ones.
    pub(crate) async fn is_current(&self) -> Result<bool, StoreError> {
        let page = self.0.store.page(SigningKey::all()).await?;
        let (keys, loaded) = (page.items, self.loaded());
        let is_loaded =
            loaded.iter().map(|key| key.kid.as_str()).eq(keys.iter().map(|key| key.id.to_string()));
        let is_due = page.unreadable.is_empty() && schedule::due(&keys, self.0.clock.now()).is_some();
        Ok(is_loaded && !is_due)
    }

    /// Removes every key and generates a new one, which signs at once. Returns the number of removed keys.
    ///
    /// Other processes cache the old keys until they restart.
    ///
    /// # Errors
    /// The database failed, or a key is unreadable: then none is removed.
    pub(crate) async fn revoke_all(&self) -> Result<usize, KeyError> {
        let mut revoked = 0;
        for key in self.0.store.page(SigningKey::all()).await?.complete()?.items {
            revoked += usize::from(won(self.0.store.remove(&key).await)?);
            tracing::warn!(target: security::TARGET, event = "key-revoked", kid = %key.id, "security");
        }
        self.rotate_if_due().await?;
        Ok(revoked)
    }

    /// Signs a token with these claims.
    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let (keys, now) = (self.loaded(), self.0.clock.now());
        let key = keys.iter().rfind(|key| key.signs_from <= now).or(keys.first());
        let key = key.ok_or_else(|| KeyError::unusable("there is no signing key"))?;
        token::sign(claims, &key.kid, &key.encoding).map_err(KeyError::unusable)
    }

    /// The public halves of the keys.
    pub(crate) fn public(&self) -> PublicKeys {
        PublicKeys { keys: self.loaded().iter().map(|key| key.public.clone()).collect() }
    }

    fn loaded(&self) -> Arc<Vec<LoadedKey>> {
        Arc::clone(&self.0.loaded.read())
    }

    fn load(&self, keys: &[SigningKey]) -> Result<(), KeyError> {
        let loaded =
            keys.iter().map(|key| LoadedKey::new(key, &self.0.master)).collect::<Result<Vec<_>, _>>()?;
        *self.0.loaded.write() = Arc::new(loaded);
        Ok(())
    }
}

/// **Invariant:** a key is loaded by every replica before it signs, so a key that is not loaded is not ours.
impl VerifyingKeys for Keyring {
    fn find<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        let keys = self.loaded();
        let found = keys.iter().find(|key| key.kid == kid).map(|key| Arc::clone(&key.decoding));
        futures::future::ready(Ok(found)).boxed()
    }
}

impl LoadedKey {
    fn new(key: &SigningKey, master: &MasterKey) -> Result<Self, KeyError> {
        let kid = key.id.to_string();
        let encoding = EncodingKey::from_ec_der(&key.pkcs8(master).map_err(KeyError::unusable)?.0);
        let public = PublicKey::of(&encoding, &kid)?;
        let decoding = DecodingKey::from_ec_components(&public.x, &public.y).map_err(KeyError::unusable)?;
        Ok(Self { kid, signs_from: key.signs_from, encoding, decoding: Arc::new(decoding), public })
    }
}

/// Whether this replica's write succeeded; if not, another replica has taken the same step.
fn won<T>(written: Result<T, CommitError>) -> Result<bool, StoreError> {
    match written {
        Ok(_) => Ok(true),
        Err(CommitError::DuplicateKey(_) | CommitError::Conflict) => Ok(false),
        Err(CommitError::Store(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use runtime::testing::{context, edit};

    use super::*;

    #[tokio::test]
    async fn a_key_of_a_newer_release_stops_neither_the_start_nor_the_other_keys() {
        let (clock, context) = context();
        let master = MasterKey::from_bytes([1; 32]);
        let open = async || Keyring::open(&context.store, &context.clock, &context.ids, master.clone()).await;
        open().await.expect("a first key");
        clock.advance(schedule::ROTATION_INTERVAL);
        let keyring = open().await.expect("a second key");
        assert_eq!(keyring.loaded().len(), 2);
        let second: uuid::Uuid = keyring.loaded()[1].kid.parse().expect("an id");
        edit::<SigningKey>(&context.store, second, |state| state["generation"] = "two".into()).await;

        clock.advance(schedule::ROTATION_INTERVAL);
        let keyring = open().await.expect("it starts with the readable key");
        assert_eq!(keyring.loaded().len(), 1);
        assert!(keyring.is_current().await.expect("a database"), "the rotation waits");
        assert!(keyring.revoke_all().await.is_err(), "nothing is revoked by halves");
        assert_eq!(open().await.expect("the readable key is left").loaded().len(), 1);
    }
}
