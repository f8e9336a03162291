//! The recovery of this service after its database was restored.
//!
//! No other service knows accounts, passwords or sessions: those of after the backup are lost. Orders knows the accounts that
//! were deleted since: its events, if they are given, delete them again. A restored database would
//! let sessions live on that were revoked since, or that began with a password that was changed since, so every session ends.

use common::{Decision, Time};
use runtime::{Aggregate, Export, Present, PresentState, Recover, Recovery};

use crate::domain::{Closing, Session, User};

/// The part of this service in recoveries. No event of a key is published, so their versions are not raised.
pub const RECOVERY: Recovery = Recovery {
    sources: &[],
    exports: &[Export::of::<User>(), Export::of::<Closing>()],
    aggregates: &[Aggregate::of::<Session>(), Aggregate::of::<User>()],
};

impl Present for User {
    fn present(&self) -> PresentState {
        PresentState {
            aggregate: self.id.into(),
            version: self.version,
            changed_at: Some(self.updated_at),
            events: vec![self.event()],
        }
    }
}

impl Present for Closing {
    fn present(&self) -> PresentState {
        PresentState {
            aggregate: self.user_id.into(),
            version: self.version,
            changed_at: Some(self.updated_at),
            events: self.event().into_iter().collect(),
        }
    }
}

impl Recover for User {
    fn raise(&self, version: u64, _: Time) -> Decision<Self> {
        self.raise(version)
    }
}

impl Recover for Session {
    fn raise(&self, version: u64, now: Time) -> Decision<Self> {
        self.end_restored(version, now)
    }
}
