//! Auth's public keys, fetched over HTTP where auth is another process.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use common::http::token::{KeysUnavailable, VerifyingKeys};
use common::{SharedClock, Time};
use futures::future::{BoxFuture, FutureExt};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use parking_lot::RwLock;
use tokio::sync::Mutex;

/// The timeout of one fetch.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);

/// The shortest time between two fetches: invented key ids must not cause a fetch each.
const REFETCH_INTERVAL: Duration = Duration::from_secs(5);

/// The delay before the retry of a failed fetch.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Keys from `jwks.json`, fetched when an unknown key id arrives.
pub struct RemoteKeys {
    url: String,
    http: reqwest::Client,
    clock: SharedClock,
    keys: RwLock<HashMap<String, Arc<DecodingKey>>>,
    last_fetch: Mutex<Option<Fetch>>,
}

struct Fetch {
    at: Time,
    succeeded: bool,
}

impl RemoteKeys {
    /// Keys that are published at `url`.
    pub fn new(url: String, clock: SharedClock) -> Self {
        let (keys, last_fetch) = (RwLock::default(), Mutex::default());
        Self { url, http: reqwest::Client::new(), clock, keys, last_fetch }
    }

    fn cached(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.keys.read().get(kid).cloned()
    }

    async fn fetch(&self) -> Result<JwkSet, reqwest::Error> {
        let reply = self.http.get(&self.url).timeout(FETCH_TIMEOUT).send().await?;
        reply.error_for_status()?.json().await
    }

    /// Fetches the keys, one fetch at a time. Concurrent callers share its result.
    async fn refresh(&self) -> Result<(), KeysUnavailable> {
        let mut last_fetch = self.last_fetch.lock().await;
        if let Some(last) = last_fetch.as_ref() {
            let delay = if last.succeeded { REFETCH_INTERVAL } else { RETRY_DELAY };
            if self.clock.now() < last.at.after(delay) {
                return if last.succeeded { Ok(()) } else { Err(KeysUnavailable) };
            }
        }
        let reply = self.fetch().await;
        *last_fetch = Some(Fetch { at: self.clock.now(), succeeded: reply.is_ok() });
        match reply {
            Ok(set) => {
                let keys = set.keys.iter().filter_map(|jwk| {
                    let key = DecodingKey::from_jwk(jwk).ok()?;
                    Some((jwk.common.key_id.clone()?, Arc::new(key)))
                });
                *self.keys.write() = keys.collect();
                Ok(())
            }
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "auth's public keys cannot be fetched");
                Err(KeysUnavailable)
            }
        }
    }
}

impl VerifyingKeys for RemoteKeys {
    fn find<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        async move {
            if let Some(key) = self.cached(kid) {
                return Ok(Some(key));
            }
            self.refresh().await?;
            Ok(self.cached(kid))
        }
        .boxed()
    }
}
