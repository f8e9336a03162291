//! The name of a request, given by its caller or by us.

use std::future::Future;

use http::{HeaderName, HeaderValue, Request};
use uuid::Uuid;

use crate::Ids;

/// `x-request-id`
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that a caller may choose.
const LONGEST: usize = 64;

tokio::task_local! {
    static REQUEST_ID: HeaderValue;
}

/// The id of the request at hand; empty outside of one.
pub fn current() -> String {
    REQUEST_ID.try_with(|id| id.to_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

/// Runs `work` as part of the request of this id.
pub(super) async fn under<F: Future>(id: HeaderValue, work: F) -> F::Output {
    REQUEST_ID.scope(id, work).await
}

/// The caller's own id if it is well-formed, else a new one.
pub(super) fn of<B>(request: &Request<B>, ids: &Ids) -> HeaderValue {
    let own = request.headers().get(HEADER).filter(|id| {
        (1..=LONGEST).contains(&id.len())
            && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
    });
    own.cloned().unwrap_or_else(|| {
        let id = ids.next::<Uuid>().hyphenated().to_string();
        HeaderValue::try_from(id).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
    })
}
