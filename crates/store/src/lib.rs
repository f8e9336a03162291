//! Documents with optimistic concurrency, unique keys and an outbox: one port, its adapters, and the conformance suite
//! that every adapter passes.
//!
//! Services use a [`Collection`]; an adapter implements a [`Backend`]. The scheme of `STORE_URL` selects the adapter, in
//! `runtime` alone: `sqlite:` opens [`sqlite::SqliteBackend`], `mongodb:` opens `mongodb::MongoBackend` (feature
//! `mongodb`). An adapter is fit for use if [`conformance::all`] passes.
//!
//! # Guarantees
//!
//! - A commit that returned `Ok` survives a crash of the process and of the machine: state, keys and outbox alike.
//! - A refused or interrupted commit is stored as a whole or not at all. After [`StoreError::Unavailable`] a caller reads
//!   again before deciding.
//! - An event leaves the outbox only after [`Backend::mark_published`]. A crash soon afterwards may restore the event,
//!   never lose it.
//! - A read that begins after a commit returned sees that commit.
//!
//! The database in memory gives all of these guarantees but the first.

mod backend;
mod collection;
mod commit_counters;
pub mod conformance;
mod document;
mod error;
mod fields;
mod format;
mod intercept;
mod key;
#[cfg(feature = "mongodb")]
pub mod mongodb;
mod query;
mod recent;
pub mod sqlite;
mod unreadable;
mod upgrade;

pub use backend::{
    Backend, Change, EventReceiver, Format, IndexedRecord, OutboxEntry, Put, RangeQuery, Record, Revision,
    ScannedRecord, Write,
};
pub use collection::{Collection, Store};
pub use document::{Document, Index, Keys, Schema};
pub use error::{CommitError, StoreError, UpdateError};
pub use format::Verifier;
pub use intercept::Intercept;
pub use key::{Direction, Key, Part, UniqueKey};
pub use query::{Page, Range};
pub use unreadable::UnreadableDocument;
pub use upgrade::UpgradeProgress;
