//! How deadlines are stored.

use store::{Document, Index, Keys};
use uuid::Uuid;

use crate::domain::{Deadline, Status};

/// Index: pending deadlines by the time they pass.
pub(crate) const PENDING: &str = "pending";
/// Index: fired and dropped deadlines by the time they ended.
pub(crate) const ENDED: &str = "ended";

impl Document for Deadline {
    const COLLECTION: &'static str = "deadlines";
    const INDEXES: &'static [Index] = &[Index::one(PENDING), Index::one(ENDED)];

    fn id(&self) -> Uuid {
        self.order_id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        match self.status {
            Status::Pending => Keys::none().ordered(PENDING, [self.expires_at.into()]),
            Status::Fired | Status::Dropped => Keys::none().ordered(ENDED, [self.updated_at.into()]),
        }
    }
}
