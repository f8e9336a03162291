//! Storage of deadlines: the collection and its indexes.

use store::{Document, Index, Keys, Verifier};
use uuid::Uuid;

use crate::domain::{Deadline, Status};

/// The collections of this service.
pub const DOCUMENTS: &[Verifier] = &[Verifier::of::<Deadline>()];

/// The indexes of deadlines.
pub(crate) mod index {
    /// Pending deadlines by the time they expire.
    pub(crate) const BY_EXPIRY: &str = "pending";
    /// Expired and cancelled deadlines by the time they ended.
    pub(crate) const BY_END: &str = "ended";
}

impl Document for Deadline {
    const COLLECTION: &'static str = "deadlines";
    const IS_REMEMBERED: bool = true;
    const INDEXES: &'static [Index] = &[Index::one(index::BY_EXPIRY), Index::one(index::BY_END)];

    fn id(&self) -> Uuid {
        self.order_id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        match self.status {
            Status::Pending => Keys::none().ordered(index::BY_EXPIRY, [self.expires_at.into()]),
            Status::Expired | Status::Cancelled => {
                Keys::none().ordered(index::BY_END, [self.updated_at.into()])
            }
        }
    }
}
