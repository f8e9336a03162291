//! A good client: it repeats what was not answered, with the same key, and comes again when it is told to.

use std::time::Duration;

use e2e::{Person, Place, Reply};
use reqwest::Method;
use reqwest::header::{COOKIE, RETRY_AFTER};
use serde_json::Value;
use tokio::time::Instant;

/// How long one request may take: longer than the marketplace allows itself.
const REQUEST: Duration = Duration::from_secs(20);
/// The pause before a request is repeated, unless the reply names one.
const PAUSE: Duration = Duration::from_millis(300);
/// When even a good client gives up.
const PATIENCE: Duration = Duration::from_secs(90);

/// What a client does about a request that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Repeats it: all is in trouble.
    Patient,
    /// Takes it for a defect: nothing is in trouble.
    Strict,
}

/// Waits in real time, as the processes do.
#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// The real time.
#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Asks until there is an answer that is one: neither silence, nor 5xx, nor 429.
///
/// # Panics
/// There never is.
pub(crate) async fn insist(
    manner: Manner,
    person: &Person,
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Reply {
    until_answered(manner, &format!("{method} {path}"), || ask(person, method.clone(), path, body, key)).await
}

/// The same for whatever is asked.
///
/// # Panics
/// There never is an answer.
pub(crate) async fn until_answered<F: Future<Output = Reply>>(
    manner: Manner,
    what: &str,
    mut ask: impl FnMut() -> F,
) -> Reply {
    let began = now();
    loop {
        let reply = ask().await;
        if !(reply.status == 0 || reply.status == 429 || reply.status >= 500) {
            return reply;
        }
        assert!(
            manner == Manner::Patient && began.elapsed() < PATIENCE,
            "{what} was not answered within {:?}; at last: {} {}",
            began.elapsed(),
            reply.status,
            reply.json
        );
        let told = reply.header(RETRY_AFTER.as_str()).parse().ok().map(Duration::from_secs);
        pause(told.unwrap_or(PAUSE)).await;
    }
}

/// Asks once.
pub(crate) async fn ask(
    person: &Person,
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Reply {
    let url = format!("{}{path}", person.place.marketplace);
    let mut request = person.place.http.request(method, url).header(COOKIE, person.cookie()).timeout(REQUEST);
    if let Some(body) = body {
        request = request.json(body);
    }
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    Place::send(request).await
}
