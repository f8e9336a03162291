//! A request that changes something is performed to its end, even if its client aborts it. With an `Idempotency-Key`, a
//! repeated `POST` of a signed-in user is performed once and gets the same reply.

mod admission;
mod in_flight;
mod record;

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use common::http::{CurrentUser, Next, RequestScope, ReservedId};
use common::{FieldError, Problem};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, StatusCode};

use self::admission::Admission;
use self::record::{StoredReply, fingerprint, record_id};

pub(crate) use self::admission::Idempotency;
pub(crate) use self::record::KeyRecord;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The longest key, in bytes.
const MAX_KEY_LENGTH: usize = 255;

/// The timeout of a request's work, whether its client waits or not, so that a handler that hangs returns its permit.
/// Longer than the lease of a payment's step.
const COMPLETION_TIMEOUT: Duration = Duration::from_secs(45);

/// The layer around a service's routes. Its place is inside the body limit, so that the body is complete and bounded.
///
/// A request that changes something runs in a task of its own: its client may disconnect, or the request may time out,
/// between two writes that belong together, or while Stripe works. The task holds the request's permit.
pub(crate) async fn idempotency_layer(keys: Arc<Idempotency>, request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let (tasks, scope) = (keys.tasks.clone(), RequestScope::of(&request));
    let work = scope.run(async move {
        let work = Box::pin(perform(&keys, request, next));
        match tokio::time::timeout(COMPLETION_TIMEOUT, work).await {
            Ok(response) => response,
            Err(elapsed) => Problem::unavailable().caused_by(elapsed).into_response(),
        }
    });
    tasks.run_to_completion(work).await
}

/// The beginnings of the paths whose requests or replies hold a secret: neither a digest of it nor the reply is stored, so
/// the header has no effect there.
const SECRET_PATHS: [&str; 8] = [
    "/api/users/signup",
    "/api/users/signin",
    "/api/users/password",
    "/api/users/email",
    "/api/users/totp",
    "/api/users/passkeys",
    "/api/users/verify",
    "/api/users/reauthentication",
];

/// Whether the requests or replies of a path hold a secret.
pub(crate) fn holds_secret(path: &str) -> bool {
    SECRET_PATHS.iter().any(|secret| path.starts_with(secret))
}

async fn perform(keys: &Idempotency, request: Request, next: Next) -> Response {
    let counts = request.method() == Method::POST && !holds_secret(request.uri().path());
    let Some(key) = request.headers().get(IDEMPOTENCY_KEY).filter(|_| counts).cloned() else {
        return next.run(request).await;
    };
    match CurrentUser::of(&keys.context, request.headers()).await {
        Ok(Some(user)) => {
            perform_once(keys, user, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
        }
        Ok(None) => next.run(request).await,
        Err(unavailable) => Problem::from(unavailable).into_response(),
    }
}

async fn perform_once(
    keys: &Idempotency,
    user: CurrentUser,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let key = key.as_bytes();
    if key.is_empty() || key.len() > MAX_KEY_LENGTH || !key.iter().all(u8::is_ascii_graphic) {
        let error = FieldError::new("Idempotency-Key", "must have 1 to 255 visible ASCII characters");
        return Err(Problem::not_valid(vec![error]));
    }
    let id = record_id(user.id, request.uri().path(), key);
    let (mut parts, body) = request.into_parts();
    let body: Bytes = to_bytes(body, usize::MAX).await.map_err(Problem::internal)?;
    match keys.admit(id, &fingerprint(&body)).await? {
        Admission::Replay(reply) => replay(reply),
        Admission::Perform(record, _guard) => {
            parts.extensions.insert(user);
            parts.extensions.insert(ReservedId(record.reserved));
            let response = next.run(Request::from_parts(parts, Body::from(body))).await;
            keys.complete(record, response).await
        }
    }
}

fn replay(reply: StoredReply) -> Result<Response, Problem> {
    let status = StatusCode::from_u16(reply.status).map_err(Problem::internal)?;
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    headers.remove(CONTENT_TYPE);
    for (name, value) in reply.headers {
        let name: HeaderName = name.parse().map_err(Problem::internal)?;
        headers.insert(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
    }
    headers.insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
