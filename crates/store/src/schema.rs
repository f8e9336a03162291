//! What a collection is declared to have besides its documents.

use crate::{Document, Keys};

/// The declarations of one type, from which an adapter makes what the type needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The collection.
    pub collection: &'static str,
    /// Its ordered indexes.
    pub indexes: &'static [Index],
    /// The names of its claims.
    pub claims: &'static [&'static str],
}

/// An ordered index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    /// Its name, unique within the collection, kebab-case.
    pub name: &'static str,
    /// Whether a document may stand in it several times.
    pub many: bool,
}

impl Index {
    /// An index in which a document stands once, or not at all.
    pub const fn one(name: &'static str) -> Self {
        Self { name, many: false }
    }

    /// An index in which a document may stand several times. An adapter may have to read a whole range of it to find
    /// the first few, so ranges of it should be short.
    pub const fn many(name: &'static str) -> Self {
        Self { name, many: true }
    }
}

impl Schema {
    /// What this type declares.
    pub const fn of<D: Document>() -> Self {
        Self { collection: D::COLLECTION, indexes: D::INDEXES, claims: D::UNIQUE_KEYS }
    }

    /// The declared index of this name.
    pub fn index(&self, name: &str) -> Option<Index> {
        self.indexes.iter().find(|index| index.name == name).copied()
    }

    /// The first name that these keys use against the declarations: an index or a claim that is not declared, or an
    /// index in which they stand more often than it allows.
    pub fn violation(&self, keys: &Keys) -> Option<&'static str> {
        let standing = |name| keys.ordered.iter().filter(|key| key.index == name).count();
        let misplaced = keys
            .ordered
            .iter()
            .map(|key| key.index)
            .find(|name| self.index(name).is_none_or(|index| !index.many && standing(index.name) > 1));
        let claims = || keys.claims.iter().map(|claim| claim.name);
        misplaced.or_else(|| claims().find(|name| !self.claims.contains(name)))
    }
}
