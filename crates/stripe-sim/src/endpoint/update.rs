//! Changing an endpoint.

use super::Endpoint;
use super::create::{enabled_events, url};
use crate::error::ApiError;
use crate::metadata::MetadataChange;
use crate::param::Params;

const KNOWN: &[&str] = &["description", "disabled", "enabled_events", "expand", "metadata", "url"];

/// What is to be changed, checked.
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
        params.only(KNOWN)?;
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
    /// The endpoint with what was asked for.
    pub(crate) fn update(&self, wanted: &EndpointUpdate) -> Result<Self, ApiError> {
        let mut next = Self { version: self.version + 1, ..self.clone() };
        if let Some(url) = &wanted.url {
            next.url.clone_from(url);
        }
        if !wanted.enabled_events.is_empty() {
            next.enabled_events.clone_from(&wanted.enabled_events);
        }
        if let Some(description) = &wanted.description {
            next.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        next.disabled = wanted.disabled.unwrap_or(next.disabled);
        next.metadata = wanted.metadata.apply(next.metadata)?;
        Ok(next)
    }
}
