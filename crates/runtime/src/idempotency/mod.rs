//! `Idempotency-Key`: a repeated `POST` of a signed-in user is performed once and gets the same reply.

mod admission;
mod in_flight;
mod record;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use common::http::{CurrentUser, ReservedId};
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

/// The layer around a service's routes. Its place is inside the body limit, so that the body is complete and bounded.
pub(crate) async fn idempotency_layer(
    State(keys): State<Idempotency>,
    request: Request,
    next: Next,
) -> Response {
    let Some(key) =
        request.headers().get(IDEMPOTENCY_KEY).filter(|_| request.method() == Method::POST).cloned()
    else {
        return next.run(request).await;
    };
    match CurrentUser::of(&keys.context, request.headers()).await {
        Ok(Some(user)) => {
            perform_once(&keys, user, &key, request, next).await.unwrap_or_else(IntoResponse::into_response)
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
