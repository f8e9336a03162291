//! A client that retries requests without a reply under the same idempotency key, and honors `Retry-After`.

use std::time::Duration;

use e2e::{Endpoints, Person, Reply};
use reqwest::Method;
use reqwest::header::{COOKIE, RETRY_AFTER};
use serde_json::Value;
use tokio::time::Instant;

/// Longer than the marketplace's own request timeout.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Unless the reply has a `Retry-After`.
const RETRY_DELAY: Duration = Duration::from_millis(300);
/// Longer than any disruption.
const RETRY_TIMEOUT: Duration = Duration::from_secs(90);

/// The reaction to a request without a reply, or with a 5xx or 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RetryPolicy {
    /// A disruption explains it.
    Retry,
    /// A defect: there is no disruption.
    Fail,
}

/// Waits in real time.
#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// The real time.
#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Sends a request until it is answered.
///
/// # Panics
/// No attempt is answered.
pub(crate) async fn send(
    retries: RetryPolicy,
    person: &Person,
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Reply {
    retry_until_answered(retries, &format!("{method} {path}"), || {
        send_once(person, method.clone(), path, body, key)
    })
    .await
}

/// Calls `request` until it is answered with neither 5xx nor 429.
///
/// # Panics
/// No attempt is answered.
pub(crate) async fn retry_until_answered<F: Future<Output = Reply>>(
    retries: RetryPolicy,
    what: &str,
    mut request: impl FnMut() -> F,
) -> Reply {
    let began = now();
    loop {
        let reply = request().await;
        if !(reply.status == 0 || reply.status == 429 || reply.status >= 500) {
            return reply;
        }
        assert!(
            retries == RetryPolicy::Retry && began.elapsed() < RETRY_TIMEOUT,
            "{what} was not answered within {:?}; the last reply: {} {}",
            began.elapsed(),
            reply.status,
            reply.json
        );
        let delay = reply.header(RETRY_AFTER.as_str()).parse().ok().map(Duration::from_secs);
        pause(delay.unwrap_or(RETRY_DELAY)).await;
    }
}

/// Sends a request once.
pub(crate) async fn send_once(
    person: &Person,
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Reply {
    let url = format!("{}{path}", person.endpoints.marketplace);
    let mut request =
        person.endpoints.http.request(method, url).header(COOKIE, person.cookie()).timeout(REQUEST_TIMEOUT);
    if let Some(body) = body {
        request = request.json(body);
    }
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    Endpoints::send(request).await
}
