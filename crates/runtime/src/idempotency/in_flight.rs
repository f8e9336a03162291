//! The requests in flight in this process.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use uuid::Uuid;

/// The requests in flight. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<Uuid>>>);

/// Counts a request as in flight until it is dropped: after the reply, a panic or the timeout of its work.
pub(super) struct InFlightGuard {
    in_flight: InFlight,
    request: Uuid,
}

impl InFlight {
    pub(super) fn begin(&self, request: Uuid) -> InFlightGuard {
        self.0.lock().insert(request);
        InFlightGuard { in_flight: self.clone(), request }
    }

    pub(super) fn contains(&self, request: Uuid) -> bool {
        self.0.lock().contains(&request)
    }
}

impl InFlightGuard {
    pub(super) fn request(&self) -> Uuid {
        self.request
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.in_flight.0.lock().remove(&self.request);
    }
}
