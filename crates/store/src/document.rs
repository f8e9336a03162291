//! What a type declares about itself to be stored.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::key::{Key, Part, UniqueKey, encode};
use crate::schema::Index;

/// An aggregate, replica or record that is stored as one document.
pub trait Document: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The collection's name, kebab-case.
    const COLLECTION: &'static str;

    /// The ordered indexes that [`Document::keys`] stands in; no others may be used.
    const INDEXES: &'static [Index] = &[];

    /// The names of the claims that [`Document::keys`] makes; no others may be made.
    const UNIQUE_KEYS: &'static [&'static str] = &[];

    /// Names the document within its collection.
    fn id(&self) -> Uuid;

    /// The revision: 1 when it is first committed, one more with each commit.
    fn version(&self) -> u64;

    /// The secondary keys, computed from the state.
    fn keys(&self) -> Keys {
        Keys::none()
    }
}

/// The secondary keys of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    pub(crate) ordered: Vec<Key>,
    pub(crate) claims: Vec<UniqueKey>,
}

impl Keys {
    /// No secondary keys.
    pub fn none() -> Self {
        Self::default()
    }

    /// Also stands in the index `index`, at the place that `parts` give it. A document may stand in one index
    /// several times if the index is declared so ([`Index::many`]).
    #[must_use]
    pub fn ordered<const N: usize>(mut self, index: &'static str, parts: [Part; N]) -> Self {
        self.ordered.push(Key { index, bytes: encode(parts) });
        self
    }

    /// Also holds this claim.
    #[must_use]
    pub fn unique(mut self, claim: UniqueKey) -> Self {
        self.claims.push(claim);
        self
    }
}
