//! What every page is made with.

use std::sync::Arc;

use common::SharedClock;
use common::http::HttpContext;

use crate::api::Api;

/// What every page is made with. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    /// The services.
    pub(crate) api: Api,
    /// Time, ids, sessions and addresses.
    pub(crate) context: HttpContext,
    /// The address of Stripe's script.
    pub(crate) stripe_js: Arc<str>,
}

impl Client {
    pub(crate) fn clock(&self) -> &SharedClock {
        &self.context.clock
    }

    /// A key that no other form has: for `Idempotency-Key`.
    pub(crate) fn fresh_key(&self) -> Arc<str> {
        self.context.ids.next::<uuid::Uuid>().hyphenated().to_string().into()
    }
}
