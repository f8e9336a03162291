//! The id of a request, from its `x-request-id` header or new.

use std::future::Future;

use http::{HeaderName, HeaderValue, Request};
use uuid::Uuid;

use crate::Ids;

/// `x-request-id`
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The length limit of a caller's id.
const MAX_LENGTH: usize = 64;

tokio::task_local! {
    static REQUEST_ID: HeaderValue;
}

/// The id of the current request; empty outside of a request.
pub fn current() -> String {
    value().to_str().unwrap_or_default().to_owned()
}

/// As [`current`], as the value of [`HEADER`].
pub(super) fn value() -> HeaderValue {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Runs `work` with this request id.
pub(super) async fn scope<F: Future>(id: HeaderValue, work: F) -> F::Output {
    REQUEST_ID.scope(id, work).await
}

/// The caller's id if it is well-formed, else a new one.
pub(super) fn of<B>(request: &Request<B>, ids: &Ids) -> HeaderValue {
    let own = request.headers().get(HEADER).filter(|id| {
        (1..=MAX_LENGTH).contains(&id.len())
            && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
    });
    own.cloned().unwrap_or_else(|| {
        let id = ids.next::<Uuid>().hyphenated();
        HeaderValue::from_str(id.encode_lower(&mut Uuid::encode_buffer()))
            .unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    })
}
