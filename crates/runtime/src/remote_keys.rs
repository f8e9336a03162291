//! Auth's public keys, fetched where auth is another process.

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

/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long after a fetch an unknown key id does not cause another: whoever sends made-up key ids must not make us
/// ask auth all the time.
const PAUSE: Duration = Duration::from_secs(5);

/// How long after a fetch that failed the next one may be tried.
const RETRY: Duration = Duration::from_secs(1);

/// Keys from `jwks.json`, fetched when an unknown key id turns up.
pub struct RemoteKeys {
    url: String,
    http: reqwest::Client,
    clock: SharedClock,
    known: RwLock<HashMap<String, Arc<DecodingKey>>>,
    fetched: Mutex<Option<Fetch>>,
}

/// The last time that auth was asked.
struct Fetch {
    at: Time,
    answered: bool,
}

impl RemoteKeys {
    /// Keys that are published at `url`.
    pub fn new(url: String, clock: SharedClock) -> Self {
        let known = RwLock::default();
        Self { url, http: reqwest::Client::new(), clock, known, fetched: Mutex::default() }
    }

    fn known(&self, kid: &str) -> Option<Arc<DecodingKey>> {
        self.known.read().get(kid).cloned()
    }

    async fn fetch(&self) -> Result<JwkSet, reqwest::Error> {
        let reply = self.http.get(&self.url).timeout(PATIENCE).send().await?;
        reply.error_for_status()?.json().await
    }

    /// One fetch at a time; those who waited for it look at what it brought.
    async fn refresh(&self) -> Result<(), KeysUnavailable> {
        let mut fetched = self.fetched.lock().await;
        let pause = |last: &Fetch| if last.answered { PAUSE } else { RETRY };
        if let Some(last) = fetched.as_ref().filter(|last| self.clock.now() < last.at.after(pause(last))) {
            return if last.answered { Ok(()) } else { Err(KeysUnavailable) };
        }
        let reply = self.fetch().await;
        *fetched = Some(Fetch { at: self.clock.now(), answered: reply.is_ok() });
        match reply {
            Ok(set) => {
                let keys = set.keys.iter().filter_map(|jwk| {
                    let key = DecodingKey::from_jwk(jwk).ok()?;
                    Some((jwk.common.key_id.clone()?, Arc::new(key)))
                });
                *self.known.write() = keys.collect();
                Ok(())
            }
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "auth's public keys could not be fetched");
                Err(KeysUnavailable)
            }
        }
    }
}

impl VerifyingKeys for RemoteKeys {
    fn find<'a>(&'a self, kid: &'a str) -> BoxFuture<'a, Result<Option<Arc<DecodingKey>>, KeysUnavailable>> {
        async move {
            if let Some(key) = self.known(kid) {
                return Ok(Some(key));
            }
            self.refresh().await?;
            Ok(self.known(kid))
        }
        .boxed()
    }
}
