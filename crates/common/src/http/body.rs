//! The reading of the whole, bounded body, so that 413 and 415 precede every refusal of the caller.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};

use crate::Problem;

/// The largest body of a request, in bytes: far above the largest ticket.
const MAX_BODY: usize = 64 * 1024;

/// The time until the whole body has arrived: far more than 64 KiB take on a slow mobile connection.
pub const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// The content type of the bodies that a service accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bodies {
    /// `application/json`, from API clients.
    Json,
    /// `application/x-www-form-urlencoded`, from the forms of pages.
    Form,
}

/// The rules of a service's bodies.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyRules {
    pub(super) bodies: Bodies,
    /// The paths of signed requests, whose content type is free.
    pub(super) signed_paths: &'static [&'static str],
}

impl BodyRules {
    pub(super) fn is_signed(self, path: &str) -> bool {
        self.signed_paths.contains(&path)
    }
}

/// The request with its whole body, of the right content type.
///
/// # Errors
/// The response to a body that is not accepted: 400, 408, 413 or 415.
pub(super) async fn read(rules: BodyRules, request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_TIMEOUT, bounded(&parts.headers, body)).await;
    let bytes = read.unwrap_or_else(|_| Err(too_slow()))?;
    let must_fit = !parts.method.is_safe() && !bytes.is_empty() && !rules.is_signed(parts.uri.path());
    if must_fit && !rules.bodies.accept(&parts.headers) {
        let (status, detail) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, rules.bodies.expected());
        return Err(Problem::new(status, "unsupported-media-type", detail));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

async fn bounded(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > MAX_BODY as u64) {
        return Err(too_large());
    }
    axum::body::to_bytes(body, MAX_BODY).await.map_err(|error| {
        let source = std::error::Error::source(&error);
        if source.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
            return too_large();
        }
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json", "The body ended early; send all of it again.")
    })
}

fn too_slow() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body-timeout",
        "The body did not arrive in time; send all of it again.",
    )
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body-too-large",
        "The body is larger than 64 KiB; send a shorter one.",
    )
}

impl Bodies {
    const fn essence(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Json => "Send the body as JSON in UTF-8, with `Content-Type: application/json`.",
            Self::Form => {
                "Send the form in UTF-8, with `Content-Type: application/x-www-form-urlencoded`, as browsers do."
            }
        }
    }

    fn accept(self, headers: &HeaderMap) -> bool {
        let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
        let mut parts = kind.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        let in_utf8 = |parameter: &str| match parameter.split_once('=') {
            Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
                charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        };
        essence.eq_ignore_ascii_case(self.essence()) && parts.all(in_utf8)
    }
}
