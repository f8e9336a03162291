//! The recovery of this service after its database was restored.
//!
//! No other service knows accounts, passwords or sessions: those of after the backup are lost. A restored database would
//! let sessions live on that were revoked since, or that began with a password that was changed since, so every session ends.

use common::{Decision, Time};
use runtime::{Aggregate, Recover, Recovery};

use crate::domain::Session;

/// The part of this service in recoveries. No event of a user or a key is published, so their versions are not raised.
pub const RECOVERY: Recovery =
    Recovery { sources: &[], exports: &[], aggregates: &[Aggregate::of::<Session>()] };

impl Recover for Session {
    fn raise(&self, version: u64, now: Time) -> Decision<Self> {
        self.end_restored(version, now)
    }
}
