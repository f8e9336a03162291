//! Webhook endpoints: where events are posted, which ones, and with what secrets they are signed.

mod create;
mod roll;
mod update;
mod view;

use std::collections::BTreeMap;
use std::fmt;

use common::Time;
use serde::{Deserialize, Serialize};
use store::{Document, Index, Keys, Part};
use uuid::Uuid;

pub(crate) use create::NewEndpoint;
pub(crate) use roll::Rolling;
pub(crate) use update::EndpointUpdate;

use crate::Settings;
use crate::error::ApiError;
use crate::event::EventType;

/// Every event.
pub(crate) const ALL_EVENTS: &str = "*";

/// Names an endpoint. The one that the settings name has no digits.
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

/// Signs events. Not `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Secret {
    text: String,
    /// It signs before then; `None`: until it is replaced.
    until: Option<Time>,
}

/// Where events are posted.
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
    /// The newest first.
    secrets: Vec<Secret>,
}

impl Endpoint {
    /// All by the time when they were created.
    pub(crate) const CREATED: &'static str = "created";

    /// The one that the settings name, if they name one.
    pub(crate) fn configured(settings: &Settings, created: Time) -> Option<Self> {
        let secrets = settings.webhook_secrets.iter().cloned();
        Some(Self {
            version: 0,
            id: EndpointId::CONFIGURED,
            created,
            url: settings.webhook_url.clone()?,
            enabled_events: settings.webhook_events.clone(),
            api_version: None,
            description: Some("As the simulator was started.".to_owned()),
            metadata: BTreeMap::new(),
            disabled: false,
            secrets: secrets.map(|text| Secret { text, until: None }).collect(),
        })
    }

    /// Whether it is told of such events.
    pub(crate) fn wants(&self, kind: EventType) -> bool {
        let named = |name: &String| name == ALL_EVENTS || name == kind.as_str();
        !self.disabled && self.enabled_events.iter().any(named)
    }

    /// What signs at this moment: while a secret is being rolled, the former one, too.
    pub(crate) fn secrets(&self, now: Time) -> Vec<&str> {
        let valid = self.secrets.iter().filter(|secret| secret.until.is_none_or(|until| now < until));
        valid.map(|secret| secret.text.as_str()).collect()
    }
}

impl Document for Endpoint {
    const COLLECTION: &'static str = "stripe-webhook-endpoints";
    const INDEXES: &'static [Index] = &[Index::one(Self::CREATED)];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        Keys::none().ordered(Self::CREATED, [Part::from(self.created), Part::from(self.id.0)])
    }
}
