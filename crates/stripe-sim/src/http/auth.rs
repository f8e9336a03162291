//! Who calls: by API key, as Bearer token or as the user name of Basic authentication.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::Settings;
use crate::error::ApiError;

/// What the caller's key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Everything.
    Secret,
    /// What a client secret is given for.
    Publishable,
    /// The page where the buyer answers the bank, which is no part of Stripe's API.
    Bank,
}

impl Caller {
    pub(crate) fn of(headers: &HeaderMap, settings: &Settings) -> Result<Self, ApiError> {
        let key = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(key);
        match key {
            None => {
                let message =
                    "You did not provide an API key; send it as `Authorization: Bearer YOUR_SECRET_KEY`.";
                Err(ApiError::unauthorized(message))
            }
            Some(key) if key == settings.secret_key => Ok(Self::Secret),
            Some(key) if key == settings.publishable_key => Ok(Self::Publishable),
            Some(_) => Err(ApiError::unauthorized("Invalid API Key provided.")),
        }
    }
}

fn key(authorization: &str) -> Option<String> {
    let (scheme, credentials) = authorization.split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
    decoded.split(':').next().map(str::to_owned)
}
