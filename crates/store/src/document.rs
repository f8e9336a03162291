//! The declarations that make a type storable: its collection, indexes and unique keys.

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::key::{Key, Part, UniqueKey, encode};

/// An aggregate, replica or record that is stored as one document.
pub trait Document: Clone + Send + Sync + Serialize + DeserializeOwned + 'static {
    /// The collection's name, kebab-case.
    const COLLECTION: &'static str;

    /// The number of the format. A release that changes fields, keys, unique keys or indexes raises the number by one;
    /// each service then writes the documents of former formats again ([`Store::upgrade`](crate::Store::upgrade)).
    const FORMAT: u32 = 1;

    /// The ordered indexes of [`Document::keys`]; no others may be used.
    const INDEXES: &'static [Index] = &[];

    /// The names of the unique keys of [`Document::keys`]; no others may be used.
    const UNIQUE_KEYS: &'static [&'static str] = &[];

    /// Whether a process remembers for a moment the documents that it has committed, and decides on them without a read.
    /// Never for documents that are removed and created again under the same id: versions would begin anew.
    const IS_REMEMBERED: bool = false;

    /// The id, unique within the collection.
    fn id(&self) -> Uuid;

    /// The version: 1 at the first commit, one more with each further commit, and more after the recovery of a restored
    /// database.
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
    pub(crate) unique: Vec<UniqueKey>,
}

impl Keys {
    /// No secondary keys.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds an entry in `index`. A second entry in the same index requires [`Index::many`].
    #[must_use]
    pub fn ordered<const N: usize>(mut self, index: &'static str, parts: [Part; N]) -> Self {
        self.ordered.push(Key { index, bytes: encode(parts) });
        self
    }

    /// Adds a unique key.
    #[must_use]
    pub fn unique(mut self, key: UniqueKey) -> Self {
        self.unique.push(key);
        self
    }
}

/// An ordered index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// The name, unique within the collection, kebab-case.
    pub name: &'static str,
    /// Whether a document may have several entries.
    pub many: bool,
}

impl Index {
    /// An index with at most one entry a document.
    pub const fn one(name: &'static str) -> Self {
        Self { name, many: false }
    }

    /// An index with any number of entries a document. An adapter may have to read a whole range of it to find the
    /// first few, so ranges of it should be short.
    pub const fn many(name: &'static str) -> Self {
        Self { name, many: true }
    }
}

/// The declarations of one type, from which an adapter creates its indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The collection.
    pub collection: &'static str,
    /// The format.
    pub format: u32,
    /// The ordered indexes.
    pub indexes: &'static [Index],
    /// The names of the unique keys.
    pub unique_keys: &'static [&'static str],
}

impl Schema {
    /// The declarations of this type.
    pub const fn of<D: Document>() -> Self {
        Self {
            collection: D::COLLECTION,
            format: D::FORMAT,
            indexes: D::INDEXES,
            unique_keys: D::UNIQUE_KEYS,
        }
    }

    /// The declared index of this name.
    pub fn index(&self, name: &str) -> Option<Index> {
        self.indexes.iter().find(|index| index.name == name).copied()
    }

    /// The first name that these keys use against the declarations: an undeclared index or unique key, or an index with
    /// more entries than it allows.
    pub fn violation(&self, keys: &Keys) -> Option<&'static str> {
        let entries = |name| keys.ordered.iter().filter(|key| key.index == name).count();
        let index = keys
            .ordered
            .iter()
            .map(|key| key.index)
            .find(|name| self.index(name).is_none_or(|index| !index.many && entries(index.name) > 1));
        let unique_keys = || keys.unique.iter().map(|key| key.name);
        index.or_else(|| unique_keys().find(|name| !self.unique_keys.contains(name)))
    }
}
