//! The simulator's shared state: collections, clock, faults, and the cached endpoints.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use common::{Ids, SharedClock, Time};
use parking_lot::Mutex;
use store::{Collection, Range, Store, StoreError};
use tokio::sync::Notify;

use crate::endpoint::Endpoint;
use crate::fault::FaultSwitch;
use crate::record::Record;
use crate::schedule::Schedule;
use crate::settings::Settings;

/// Stripe's limit (<https://docs.stripe.com/webhooks>).
pub(crate) const MAX_ENDPOINTS: usize = 16;

/// The simulator. Clones share one state.
#[derive(Clone)]
pub struct StripeSim(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) records: Collection<Record>,
    pub(crate) schedule: Mutex<Schedule>,
    pub(crate) endpoints: Collection<Endpoint>,
    /// The endpoints as last read from the database, which only this process changes.
    endpoint_cache: Mutex<Option<Arc<[Endpoint]>>>,
    started: Time,
    pub(crate) clock: SharedClock,
    pub(crate) ids: Ids,
    pub(crate) settings: Settings,
    faults: FaultSwitch,
    /// Idempotency keys whose first request is in flight.
    pub(crate) keys_in_flight: Mutex<HashSet<String>>,
    /// Notified when work may have become due.
    pub(crate) work_added: Notify,
    /// Notified when the outcome of due work is stored.
    pub(crate) work_finished: Notify,
    /// Payments whose due work is in flight.
    pub(crate) in_flight: AtomicUsize,
}

impl StripeSim {
    /// Creates a simulator on this store, with the state that an earlier simulator left there.
    pub fn new(store: &Store, clock: SharedClock, ids: Ids, settings: Settings) -> Self {
        Self(Arc::new(Shared {
            records: store.collection(),
            schedule: Mutex::default(),
            endpoints: store.collection(),
            endpoint_cache: Mutex::default(),
            started: clock.now(),
            clock,
            ids,
            settings,
            faults: FaultSwitch::default(),
            keys_in_flight: Mutex::default(),
            work_added: Notify::new(),
            work_finished: Notify::new(),
            in_flight: AtomicUsize::new(0),
        }))
    }

    /// The faults to inject.
    pub fn faults(&self) -> &FaultSwitch {
        &self.0.faults
    }

    /// Every endpoint, oldest first, after that of the settings.
    pub(crate) async fn endpoints(&self) -> Result<Arc<[Endpoint]>, StoreError> {
        if let Some(cached) = self.0.endpoint_cache.lock().clone() {
            return Ok(cached);
        }
        let stored = Range::of(Endpoint::BY_CREATED, []).limit(MAX_ENDPOINTS);
        let stored = self.0.endpoints.page(stored).await?.items;
        let configured = Endpoint::configured(&self.0.settings, self.0.started);
        let all: Arc<[Endpoint]> = configured.into_iter().chain(stored).collect();
        *self.0.endpoint_cache.lock() = Some(Arc::clone(&all));
        Ok(all)
    }

    /// Invalidates the cache.
    pub(crate) fn endpoints_changed(&self) {
        *self.0.endpoint_cache.lock() = None;
    }
}
