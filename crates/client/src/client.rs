//! The state that all pages share.

use std::sync::Arc;

use common::SharedClock;
use common::http::HttpContext;
use http::HeaderMap;
use http::header::HOST;

use crate::api::Api;

/// The state that all pages share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    /// The services.
    pub(crate) api: Api,
    /// Clock, ids, sessions and the public URL.
    pub(crate) context: HttpContext,
    /// The URL of Stripe's script.
    pub(crate) stripe_js: Arc<str>,
}

impl Client {
    pub(crate) fn clock(&self) -> &SharedClock {
        &self.context.clock
    }

    /// A fresh idempotency key for a form.
    pub(crate) fn new_idempotency_key(&self) -> Arc<str> {
        self.context.ids.next::<uuid::Uuid>().hyphenated().to_string().into()
    }

    /// Scheme and host of the pages: the public URL, else the request's `Host`.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Option<String> {
        let from_host = || headers.get(HOST)?.to_str().ok().map(|host| format!("http://{host}"));
        self.context.public_url.clone().or_else(from_host)
    }
}
