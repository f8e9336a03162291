//! Which requests of this process are at work.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use uuid::Uuid;

/// The requests at work. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct AtWork(Arc<Mutex<HashSet<Uuid>>>);

/// A request at work. It ends with the request, however that ends: answered, broken off or in a panic.
pub(super) struct Seat {
    at_work: AtWork,
    worker: Uuid,
}

impl AtWork {
    pub(super) fn take_seat(&self, worker: Uuid) -> Seat {
        self.workers().insert(worker);
        Seat { at_work: self.clone(), worker }
    }

    pub(super) fn has(&self, worker: Uuid) -> bool {
        self.workers().contains(&worker)
    }

    fn workers(&self) -> MutexGuard<'_, HashSet<Uuid>> {
        self.0.lock()
    }
}

impl Seat {
    pub(super) fn worker(&self) -> Uuid {
        self.worker
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.at_work.workers().remove(&self.worker);
    }
}
