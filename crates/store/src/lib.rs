//! Documents with optimistic concurrency, unique claims and an outbox: one port, its adapters, and the suite that
//! every adapter passes.
//!
//! A [`Collection`] is what services use; a [`Backend`] is what an adapter implements.

mod backend;
mod collection;
pub mod conformance;
mod document;
mod error;
mod key;
pub mod sqlite;

pub use backend::{Backend, Change, OutboxEntry, Placed, Put, RangeQuery, Record, Write, WriteError};
pub use collection::{Collection, Page, Range, Store};
pub use document::{Document, Keys};
pub use error::{ChangeError, CommitError, StoreError};
pub use key::{Claim, Direction, Key, Part};
