//! Webhook endpoints: the address, the subscribed event types, and the secrets that sign.

mod params;

use std::collections::BTreeMap;
use std::fmt;

use common::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{Document, Index, Keys, Part};
use uuid::Uuid;

pub(crate) use params::{EndpointUpdate, NewEndpoint, RollRequest};

use crate::error::ApiError;
use crate::event::EventType;
use crate::format::unix_seconds;
use crate::settings::{ALL_EVENTS, Settings};

/// The id of an endpoint; `we_configured` for that of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EndpointId(pub(crate) Uuid);

impl EndpointId {
    const CONFIGURED: Self = Self(Uuid::nil());

    /// Reads the id in a path.
    pub(crate) fn in_path(text: &str) -> Result<Self, ApiError> {
        let missing = || Self::missing(text);
        let digits = text.strip_prefix("we_").ok_or_else(missing)?;
        let id = match digits {
            "configured" => Some(Self::CONFIGURED),
            _ => digits.parse().ok().map(|id: uuid::fmt::Simple| Self(id.into_uuid())),
        };
        id.filter(|id| id.to_string() == text).ok_or_else(missing)
    }

    /// 404.
    pub(crate) fn missing(text: &str) -> ApiError {
        ApiError::no_such("webhook endpoint", "webhook_endpoint", text)
    }

    pub(crate) fn is_configured(self) -> bool {
        self == Self::CONFIGURED
    }
}

impl fmt::Display for EndpointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_configured() { f.write_str("we_configured") } else { write!(f, "we_{}", self.0.simple()) }
    }
}

/// A signing secret. Not `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret {
    text: String,
    /// The end of a former secret's signatures; `None` for the current secret.
    until: Option<Time>,
}

/// A webhook endpoint.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) version: u64,
    pub(crate) id: EndpointId,
    pub(crate) created: Time,
    pub(crate) url: String,
    pub(crate) enabled_events: Vec<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) disabled: bool,
    /// Newest first.
    secrets: Vec<Secret>,
}

impl Endpoint {
    /// The index by creation.
    pub(crate) const BY_CREATED: &'static str = "created";

    /// The endpoint of the settings, if there is one.
    pub(crate) fn configured(settings: &Settings, created: Time) -> Option<Self> {
        let secrets = settings.webhook_secrets.iter().cloned();
        Some(Self {
            version: 0,
            id: EndpointId::CONFIGURED,
            created,
            url: settings.webhook_url.clone()?,
            enabled_events: settings.webhook_events.clone(),
            api_version: None,
            description: Some("From the simulator's settings.".to_owned()),
            metadata: BTreeMap::new(),
            disabled: false,
            secrets: secrets.map(|text| Secret { text, until: None }).collect(),
        })
    }

    /// Whether the endpoint receives events of this type.
    pub(crate) fn subscribes_to(&self, kind: EventType) -> bool {
        let named = |name: &String| name == ALL_EVENTS || name == kind.as_str();
        !self.disabled && self.enabled_events.iter().any(named)
    }

    /// The secrets that sign now, which include former ones during a roll.
    pub(crate) fn secrets(&self, now: Time) -> Vec<&str> {
        let valid = self.secrets.iter().filter(|secret| secret.until.is_none_or(|until| now < until));
        valid.map(|secret| secret.text.as_str()).collect()
    }

    /// The endpoint with a new secret. Former secrets sign until the end of the request's period.
    pub(crate) fn roll(&self, secret: String, request: RollRequest, now: Time) -> Self {
        let end = now.after(request.0);
        let former = self.secrets.iter().cloned();
        let former = former
            .map(|secret| Secret { until: Some(secret.until.map_or(end, |until| until.min(end))), ..secret })
            .filter(|secret| secret.until.is_some_and(|until| now < until));
        let secrets = std::iter::once(Secret { text: secret, until: None }).chain(former).collect();
        Self { version: self.version + 1, secrets, ..self.clone() }
    }

    /// Stripe's JSON (<https://docs.stripe.com/api/webhook_endpoints/object>), without the secret.
    pub(crate) fn view(&self) -> Value {
        json!({
            "id": self.id.to_string(),
            "object": "webhook_endpoint",
            "api_version": self.api_version,
            "application": null,
            "created": unix_seconds(self.created),
            "description": self.description,
            "enabled_events": self.enabled_events,
            "livemode": false,
            "metadata": self.metadata,
            "status": if self.disabled { "disabled" } else { "enabled" },
            "url": self.url,
        })
    }

    /// Stripe's JSON with the newest secret.
    pub(crate) fn view_with_secret(&self) -> Value {
        let mut view = self.view();
        view["secret"] = json!(self.secrets.first().map(|secret| &secret.text));
        view
    }
}

impl Document for Endpoint {
    const COLLECTION: &'static str = "stripe-webhook-endpoints";
    const INDEXES: &'static [Index] = &[Index::one(Self::BY_CREATED)];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(Self::BY_CREATED, [Part::from(self.created), Part::from(self.id.0)])
    }
}
