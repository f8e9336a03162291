//! The endpoints as the simulator holds them: read from the database once, then remembered, as only it changes them.

use std::sync::Arc;

use store::{Range, StoreError};

use crate::StripeSim;
use crate::endpoint::Endpoint;

/// Stripe allows 16 (<https://docs.stripe.com/webhooks>).
pub(crate) const MOST_ENDPOINTS: usize = 16;

impl StripeSim {
    /// Every endpoint, oldest first; the one of the settings before all.
    pub(crate) async fn endpoints(&self) -> Result<Arc<[Endpoint]>, StoreError> {
        if let Some(known) = self.0.endpoints.lock().clone() {
            return Ok(known);
        }
        let stored = Range::of(Endpoint::CREATED, []).limit(MOST_ENDPOINTS);
        let stored = self.0.stored_endpoints.page(stored).await?.items;
        let configured = Endpoint::configured(&self.0.settings, self.0.started);
        let all: Arc<[Endpoint]> = configured.into_iter().chain(stored).collect();
        *self.0.endpoints.lock() = Some(Arc::clone(&all));
        Ok(all)
    }

    /// They are read anew next time.
    pub(crate) fn endpoints_changed(&self) {
        *self.0.endpoints.lock() = None;
    }
}
