//! A request to the API: its caller, parameters and idempotency key.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::Time;
use serde_json::Value;

use super::expand::Expansion;
use super::idempotency::{InFlightKey, fingerprint, idempotency_key};
use super::middleware::RequestId;
use crate::error::ApiError;
use crate::event::Cause;
use crate::intent::PaymentIntent;
use crate::param::Params;
use crate::settings::Settings;
use crate::sim::StripeSim;

/// More than any supported request needs.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The caller, by its API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// May do everything.
    Secret,
    /// May do what a client secret allows.
    Publishable,
    /// The pages of the buyer's bank, which are no part of Stripe's API.
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

/// A request to the API. Holds its idempotency key in flight until dropped.
pub(crate) struct Call {
    caller: Caller,
    pub(crate) params: Params,
    pub(crate) request_id: String,
    key: Option<InFlightKey>,
    expansion: Expansion,
}

impl Call {
    /// A command from the bank's pages, which need no API key.
    pub(crate) fn from_bank(request_id: RequestId) -> Self {
        Self {
            caller: Caller::Bank,
            params: Params::default(),
            request_id: request_id.0,
            key: None,
            expansion: Expansion::default(),
        }
    }

    /// Reads `expand[]` for a reply that is an object of this noun.
    pub(crate) fn with_expansion(mut self, noun: &str) -> Result<Self, ApiError> {
        self.expansion = Expansion::read(&self.params, noun, false)?;
        Ok(self)
    }

    /// Reads `expand[]` for a list of such objects.
    pub(crate) fn with_list_expansion(mut self, noun: &str) -> Result<Self, ApiError> {
        self.expansion = Expansion::read(&self.params, noun, true)?;
        Ok(self)
    }

    /// Replaces the ids that the request expands by their objects.
    pub(crate) fn expand(&self, intent: &PaymentIntent, view: &mut Value, base: &str, now: Time) {
        self.expansion.apply(intent, view, base, now);
    }

    /// The cause in the events of this request.
    pub(crate) fn cause(&self) -> Cause<'_> {
        Cause { request_id: Some(&self.request_id), idempotency_key: self.key() }
    }

    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_ref().map(|in_use| in_use.key.as_str())
    }

    pub(crate) fn fingerprint(&self) -> Option<&str> {
        self.key.as_ref().map(|in_use| in_use.fingerprint.as_str())
    }

    pub(crate) fn is_secret(&self) -> bool {
        self.caller != Caller::Publishable
    }

    /// Whether the request came over the API and is subject to its faults.
    pub(crate) fn is_api(&self) -> bool {
        self.caller != Caller::Bank
    }

    /// Rejects callers with the publishable key.
    pub(crate) fn require_secret_key(&self) -> Result<(), ApiError> {
        if self.is_secret() {
            return Ok(());
        }
        let message = "This API call cannot be made with a publishable API key; use a secret API key.";
        Err(ApiError::unauthorized(message).code("secret_key_required"))
    }

    /// Rejects callers with neither the secret key nor the client secret of this payment.
    pub(crate) fn check_access(&self, intent: &PaymentIntent) -> Result<(), ApiError> {
        match self.params.text("client_secret") {
            Some(given) if given == intent.client_secret => Ok(()),
            Some(_) => {
                let message = "The client_secret is not the one of this PaymentIntent.";
                Err(ApiError::parameter("payment_intent_invalid_parameter", "client_secret", message))
            }
            None if self.is_secret() => Ok(()),
            None => self.params.required("client_secret").map(|_| ()),
        }
    }
}

impl FromRequest<StripeSim> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, sim: &StripeSim) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let caller = Caller::of(&parts.headers, &sim.0.settings)?;
        let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(|_| {
            ApiError::invalid("The request's body is incomplete or too large; send no more than 64 KiB.")
        })?;
        let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        let params = query.and(form(&parts.headers, &body)?);
        let key = match idempotency_key(&parts.method, &parts.headers)? {
            Some(key) => {
                // The caller is part of the fingerprint, so a browser never receives the merchant's reply.
                let fingerprint = fingerprint(&params, &format!("{caller:?}"), parts.uri.path());
                Some(InFlightKey::enter(sim, key, fingerprint)?)
            }
            None => None,
        };
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default();
        let call = Self { caller, params, request_id, key, expansion: Expansion::default() };
        sim.0.clock.sleep(sim.faults().api_delay()).await;
        Ok(call)
    }
}

fn form(headers: &HeaderMap, body: &Bytes) -> Result<Params, ApiError> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_form = kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
    if body.is_empty() || is_form {
        return Params::parse(body);
    }
    Err(ApiError::invalid("Send the parameters form-encoded (application/x-www-form-urlencoded)."))
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
