//! Words of enums in events, some of them perhaps of a newer release.

use serde::{Deserialize, Serialize};

/// A word of an enum in an event. A word of a newer release is kept as it is, so that a replica that stores the word is
/// right again after the upgrade. Every reader decides what an unknown word means: docs/UPGRADING.md lists the rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word<T> {
    /// A word that this release knows.
    Known(T),
    /// A word of a newer release.
    Unknown(String),
}

impl<T: Copy> Word<T> {
    /// The word, if this release knows it.
    pub fn known(&self) -> Option<T> {
        match self {
            Self::Known(word) => Some(*word),
            Self::Unknown(_) => None,
        }
    }
}

impl<T> From<T> for Word<T> {
    fn from(word: T) -> Self {
        Self::Known(word)
    }
}

impl<T: PartialEq> PartialEq<T> for Word<T> {
    fn eq(&self, word: &T) -> bool {
        matches!(self, Self::Known(known) if known == word)
    }
}
