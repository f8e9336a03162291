//! The state that all pages share.

use std::sync::Arc;

use common::SharedClock;
use common::http::HttpContext;
use http::HeaderMap;
use http::header::HOST;

use crate::api::Api;

/// The longest `Host`: a name of 253 characters (RFC 1035 section 2.3.4), and a port.
const MAX_HOST_LENGTH: usize = 253 + ":65535".len();

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

    /// Scheme and host of the pages: the public URL, else the request's `Host`, unless that is longer than any host.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Option<String> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.filter(|host| host.len() <= MAX_HOST_LENGTH);
        let from_host = || host.map(|host| format!("http://{host}"));
        self.context.public_url.clone().or_else(from_host)
    }
}
