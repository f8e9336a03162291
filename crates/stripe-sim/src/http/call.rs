//! A request to the API: who calls, with what parameters, under what idempotency key.

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method};
use common::Time;
use serde_json::Value;

use super::auth::Caller;
use super::headers::RequestId;
use crate::StripeSim;
use crate::error::ApiError;
use crate::event::Cause;
use crate::expand::Expansion;
use crate::intent::PaymentIntent;
use crate::param::Params;

/// More than any request that we understand needs.
const MOST_BYTES: usize = 64 * 1024;

/// Stripe's limit.
const LONGEST_KEY: usize = 255;

/// A request to the API. While it lives, its idempotency key is in use.
pub(crate) struct Call {
    caller: Caller,
    pub(crate) params: Params,
    pub(crate) request_id: String,
    key: Option<KeyInUse>,
    expansion: Expansion,
}

/// The request that works under an idempotency key at the moment.
struct KeyInUse {
    sim: StripeSim,
    key: String,
    fingerprint: String,
}

impl KeyInUse {
    fn enter(sim: &StripeSim, key: &str, fingerprint: String) -> Result<Self, ApiError> {
        let mut in_use = sim.0.keys_in_use.lock();
        if in_use.insert(key.to_owned()) {
            Ok(Self { sim: sim.clone(), key: key.to_owned(), fingerprint })
        } else {
            Err(ApiError::key_in_use(key))
        }
    }
}

impl Drop for KeyInUse {
    fn drop(&mut self) {
        self.sim.0.keys_in_use.lock().remove(&self.key);
    }
}

impl Call {
    /// The step that the person at the challenge page takes; it needs no key, as at a bank.
    pub(crate) fn of_the_bank(request_id: RequestId) -> Self {
        Self {
            caller: Caller::Bank,
            params: Params::default(),
            request_id: request_id.0,
            key: None,
            expansion: Expansion::default(),
        }
    }

    /// Takes the request's `expand[]`, for a reply that is an object of this noun.
    pub(crate) fn expanding(mut self, noun: &str) -> Result<Self, ApiError> {
        self.expansion = Expansion::read(&self.params, noun, false)?;
        Ok(self)
    }

    /// The same for a reply that is a list of such objects.
    pub(crate) fn expanding_each(mut self, noun: &str) -> Result<Self, ApiError> {
        self.expansion = Expansion::read(&self.params, noun, true)?;
        Ok(self)
    }

    /// Puts objects in the place of the ids that the request wants expanded.
    pub(crate) fn expand(&self, intent: &PaymentIntent, view: &mut Value, base: &str, now: Time) {
        self.expansion.apply(intent, view, base, now);
    }

    /// Whom the events of this request name as their cause.
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

    /// Whether it came over the API, whose faults it then shares.
    pub(crate) fn is_api(&self) -> bool {
        self.caller != Caller::Bank
    }

    /// Refuses whoever has no more than the publishable key.
    pub(crate) fn secret_only(&self) -> Result<(), ApiError> {
        if self.is_secret() {
            return Ok(());
        }
        let message = "This API call cannot be made with a publishable API key; use a secret API key.";
        Err(ApiError::unauthorized(message).code("secret_key_required"))
    }

    /// Refuses whoever has neither the secret key nor this one's client secret.
    pub(crate) fn may_use(&self, intent: &PaymentIntent) -> Result<(), ApiError> {
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
        let body = to_bytes(body, MOST_BYTES).await.map_err(|_| {
            ApiError::invalid("The request's body is incomplete or too large; send no more than 64 KiB.")
        })?;
        let query = Params::parse(parts.uri.query().unwrap_or_default().as_bytes())?;
        let params = query.and(form(&parts.headers, &body)?);
        let key = match idempotency_key(&parts.method, &parts.headers)? {
            Some(key) => {
                // Who asks is part of it: no browser is given the merchant's reply.
                let fingerprint = params.fingerprint(&format!("{caller:?}"), parts.uri.path());
                Some(KeyInUse::enter(sim, key, fingerprint)?)
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

fn idempotency_key<'a>(method: &Method, headers: &'a HeaderMap) -> Result<Option<&'a str>, ApiError> {
    let Some(key) = headers.get("idempotency-key").filter(|_| *method == Method::POST) else {
        return Ok(None);
    };
    match key.to_str() {
        Ok(key) if (1..=LONGEST_KEY).contains(&key.len()) => Ok(Some(key)),
        _ => Err(ApiError::invalid("An idempotency key has 1 to 255 visible ASCII characters.")),
    }
}
