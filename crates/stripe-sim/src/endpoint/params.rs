//! The parameters that create and change an endpoint and roll its secret.

use std::collections::BTreeMap;
use std::time::Duration;

use common::Time;

use super::{Endpoint, EndpointId, Secret};
use crate::error::ApiError;
use crate::metadata::MetadataChange;
use crate::param::Params;
use crate::settings::ALL_EVENTS;

const CREATE_PARAMS: &[&str] = &["api_version", "description", "enabled_events", "expand", "metadata", "url"];

/// The checked parameters of a new endpoint.
pub(crate) struct NewEndpoint {
    url: String,
    enabled_events: Vec<String>,
    api_version: Option<String>,
    description: Option<String>,
    metadata: BTreeMap<String, String>,
}

impl NewEndpoint {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(CREATE_PARAMS)?;
        params.required("url")?;
        let enabled_events = enabled_events(params)?;
        if enabled_events.is_empty() {
            let message = "Missing required param: enabled_events.";
            return Err(ApiError::parameter("parameter_missing", "enabled_events", message));
        }
        Ok(Self {
            url: url(params)?.unwrap_or_default(),
            enabled_events,
            api_version: params.text("api_version").map(str::to_owned),
            description: params.text("description").map(str::to_owned),
            metadata: MetadataChange::read(params)?.apply(BTreeMap::new())?,
        })
    }

    /// The endpoint, whose events `secret` signs.
    pub(crate) fn create(self, id: EndpointId, secret: String, now: Time) -> Endpoint {
        Endpoint {
            version: 1,
            id,
            created: now,
            url: self.url,
            enabled_events: self.enabled_events,
            api_version: self.api_version,
            description: self.description,
            metadata: self.metadata,
            disabled: false,
            secrets: vec![Secret { text: secret, until: None }],
        }
    }
}

const UPDATE_PARAMS: &[&str] = &["description", "disabled", "enabled_events", "expand", "metadata", "url"];

/// The checked parameters of an update.
pub(crate) struct EndpointUpdate {
    url: Option<String>,
    enabled_events: Vec<String>,
    description: Option<String>,
    disabled: Option<bool>,
    metadata: MetadataChange,
}

impl EndpointUpdate {
    /// Checks the parameters.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(UPDATE_PARAMS)?;
        Ok(Self {
            url: url(params)?,
            enabled_events: enabled_events(params)?,
            description: params.given("description").map(str::to_owned),
            disabled: params.flag("disabled")?,
            metadata: MetadataChange::read(params)?,
        })
    }
}

impl Endpoint {
    /// The changed endpoint.
    pub(crate) fn update(&self, requested: &EndpointUpdate) -> Result<Self, ApiError> {
        let mut next = Self { version: self.version + 1, ..self.clone() };
        if let Some(url) = &requested.url {
            next.url.clone_from(url);
        }
        if !requested.enabled_events.is_empty() {
            next.enabled_events.clone_from(&requested.enabled_events);
        }
        if let Some(description) = &requested.description {
            next.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        next.disabled = requested.disabled.unwrap_or(next.disabled);
        next.metadata = requested.metadata.apply(next.metadata)?;
        Ok(next)
    }
}

/// Stripe's limit.
const MAX_ROLL_SECONDS: u64 = 24 * 60 * 60;

/// The checked parameters of a roll (<https://docs.stripe.com/webhooks#roll-endpoint-secrets>): the period in which the
/// former secret signs, too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RollRequest(pub(super) Duration);

impl RollRequest {
    /// Reads `expires_in` in seconds; a day by default.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.reject_unknown(&["expires_in"])?;
        let seconds = match params.int("expires_in")? {
            None => Some(MAX_ROLL_SECONDS),
            Some(seconds) => u64::try_from(seconds).ok().filter(|seconds| *seconds <= MAX_ROLL_SECONDS),
        };
        seconds.map(|seconds| Self(Duration::from_secs(seconds))).ok_or_else(|| {
            let message =
                format!("Invalid integer: the former secret may sign for 0 to {MAX_ROLL_SECONDS} seconds.");
            ApiError::parameter("parameter_invalid_integer", "expires_in", message)
        })
    }
}

/// The receiver's address. The simulator has no TLS.
fn url(params: &Params) -> Result<Option<String>, ApiError> {
    let url = params.url("url")?;
    match url {
        Some(url) if !url.starts_with("http://") => {
            let message = "The simulator posts events to http addresses only; give one.";
            Err(ApiError::parameter("url_invalid", "url", message))
        }
        url => Ok(url),
    }
}

/// The event types, which may include types that the simulator never sends.
fn enabled_events(params: &Params) -> Result<Vec<String>, ApiError> {
    let is_name = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
        name == ALL_EVENTS || (name.contains('.') && name.bytes().all(plain))
    };
    let names = params.list("enabled_events");
    match names.iter().find(|name| !is_name(name)) {
        None => Ok(names.into_iter().map(str::to_owned).collect()),
        Some(unknown) => {
            let message = format!("Invalid enabled_events: {unknown} is neither * nor the name of an event.");
            Err(ApiError::invalid(message).about_parameter("enabled_events"))
        }
    }
}
