//! A new endpoint.

use std::collections::BTreeMap;

use common::Time;

use super::{ALL_EVENTS, Endpoint, EndpointId, Secret};
use crate::error::ApiError;
use crate::metadata::MetadataChange;
use crate::param::Params;

const KNOWN: &[&str] = &["api_version", "description", "enabled_events", "expand", "metadata", "url"];

/// What is asked for, checked.
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
        params.only(KNOWN)?;
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

    /// The endpoint; `secret` signs its events.
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

/// Where events shall be posted. The simulator has no TLS of its own.
pub(super) fn url(params: &Params) -> Result<Option<String>, ApiError> {
    let url = params.url("url")?;
    match url {
        Some(url) if !url.starts_with("http://") => {
            let message = "The simulator posts events to http addresses only; give one.";
            Err(ApiError::parameter("url_invalid", "url", message))
        }
        url => Ok(url),
    }
}

/// The names of events; those that the simulator never sends are fine.
pub(super) fn enabled_events(params: &Params) -> Result<Vec<String>, ApiError> {
    let is_name = |name: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._".contains(&byte);
        name == ALL_EVENTS || (name.contains('.') && name.bytes().all(plain))
    };
    let names = params.list("enabled_events");
    match names.iter().find(|name| !is_name(name)) {
        None => Ok(names.into_iter().map(str::to_owned).collect()),
        Some(stranger) => {
            let message =
                format!("Invalid enabled_events: {stranger} is neither * nor the name of an event.");
            Err(ApiError::invalid(message).about_parameter("enabled_events"))
        }
    }
}
