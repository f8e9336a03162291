//! The recovery of a service whose database was restored from a backup.
//!
//! A restored database repeats versions that other services have seen, has missed events, and has lost its own later
//! documents. `export-events` prints what the other services know; `recover` brings the stopped service up to date with
//! that, before the service can act on its old state.

mod aggregate;
mod events;
mod export;
mod recover;

use common::{Decision, Envelope, Event, Time};
use store::Document;
use uuid::Uuid;

pub use aggregate::Aggregate;
pub use events::EventFiles;
pub use export::{Export, export_events};
pub use recover::{RecoveryError, RecoverySummary, recover};

/// A service's part in recoveries, its own and those of others.
#[derive(Debug, Clone, Copy)]
pub struct Recovery {
    /// The services whose events this one needs to recover.
    pub sources: &'static [&'static str],
    /// The collections that `export-events` prints.
    pub exports: &'static [Export],
    /// The service's own aggregates, whose versions other services have seen.
    pub aggregates: &'static [Aggregate],
}

impl Recovery {
    /// Of a database that belongs to no service.
    pub const NONE: Self = Self { sources: &[], exports: &[], aggregates: &[] };
}

/// A document whose state events show: an aggregate, or a replica of one.
pub trait Present: Document {
    /// The state of the aggregate.
    fn present(&self) -> PresentState;
}

/// The present state of an aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct PresentState {
    /// The aggregate.
    pub aggregate: Uuid,
    /// Its version.
    pub version: u64,
    /// The time of its last change, if it is known.
    pub changed_at: Option<Time>,
    /// The events that lead a consumer to this state, in order. Empty if no consumer has to know the state.
    pub events: Vec<Event>,
}

/// An aggregate that its service recovers.
pub trait Recover: Document {
    /// The aggregate whose state this event shows, perhaps lost: a copy of an event of its own, or an event of another
    /// aggregate that implies it.
    fn shown_by(_event: &Event) -> Option<Uuid> {
        None
    }

    /// Adopts the state that an event shows, at this version. Returns `None` if `known` is as new, or if the event decides
    /// nothing.
    fn adopt(_known: Option<&Self>, _copy: &Envelope, _version: u64, _now: Time) -> Option<Decision<Self>> {
        None
    }

    /// The same state at a raised version. Publishes the state unless it is final.
    fn raise(&self, version: u64, now: Time) -> Decision<Self>;
}
