//! Documents with optimistic concurrency, unique claims and an outbox: one port, its adapters, and the suite that
//! every adapter passes.
//!
//! A [`Collection`] is what services use; a [`Backend`] is what an adapter implements. Which adapter it is, the scheme
//! of `STORE_URL` decides, and only `runtime` looks at it: `sqlite:` opens [`sqlite::SqliteBackend`], `mongodb:` opens
//! `mongodb::MongoBackend` (with the feature `mongodb`). A service is handed a [`Store`] and cannot tell. An adapter is
//! fit for use when it passes [`conformance::all`].
//!
//! # What survives
//!
//! - A commit that was answered with `Ok` survives the death of the process and of the machine: state, keys, claims
//!   and outbox alike.
//! - A commit that was refused, or that a crash overtook, is there as a whole or not at all. Whoever got no answer, or
//!   [`StoreError::Unavailable`], reads again before deciding.
//! - An event leaves the outbox only after [`Backend::sent`]. A crash soon after that may bring it back, never lose it.
//! - A read that begins after a commit was answered sees that commit.
//!
//! The database in memory keeps all of these promises but the first.

mod backend;
mod collection;
pub mod conformance;
mod document;
mod error;
mod key;
#[cfg(feature = "mongodb")]
pub mod mongodb;
mod schema;
pub mod sqlite;

pub use backend::{Backend, Change, IndexedRecord, OutboxEntry, Put, RangeQuery, Record, Write, WriteError};
pub use collection::{Collection, Page, Range, Store};
pub use document::{Document, Keys};
pub use error::{CommitError, StoreError, UpdateError};
pub use key::{Direction, Key, Part, UniqueKey};
pub use schema::{Index, Schema};
