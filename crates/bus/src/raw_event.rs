//! An event as text or bytes, whether this release can read it or not. Nothing of it is lost.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::Envelope;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::error::Category;
use uuid::Uuid;

/// An event as it was received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "StoredEvent", try_from = "StoredEvent")]
pub struct RawEvent(Vec<u8>);

/// The fields of a dead letter that hold its event.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredEvent {
    /// The event, if the release that stored it could read it. The only field of former releases, which read it still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<Value>,
    /// The event's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    /// The event's bytes, if they are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
}

impl RawEvent {
    /// An event as the bus delivered it.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The text of an event that this release has read or made.
    pub fn of(envelope: &Envelope) -> Self {
        // Every field is a number, a text, or a map with texts as keys.
        Self(serde_json::to_vec(envelope).unwrap_or_default())
    }

    /// The event.
    ///
    /// # Errors
    /// This release cannot read the event.
    pub fn envelope(&self) -> Result<Envelope, UnreadableEvent> {
        serde_json::from_slice(&self.0).map_err(|error| UnreadableEvent::new(&error))
    }

    /// The event's id; derived from the bytes if they name none.
    pub fn id(&self) -> Uuid {
        self.uuid("id").unwrap_or_else(|| Uuid::new_v5(&Uuid::NAMESPACE_OID, &self.0))
    }

    /// The aggregate, if the event names one.
    pub fn aggregate(&self) -> Option<Uuid> {
        self.uuid("aggregate")
    }

    /// The subject, perhaps of another release, if the event names one.
    pub fn subject(&self) -> Option<String> {
        self.field("subject")
    }

    fn uuid(&self, field: &str) -> Option<Uuid> {
        self.field(field)?.parse().ok()
    }

    fn field(&self, field: &str) -> Option<String> {
        let event: Value = serde_json::from_slice(&self.0).ok()?;
        event.get(field)?.as_str().map(str::to_owned)
    }
}

/// The reason why an event is unreadable: the kind and position of the error, without contents.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this release cannot read the event: {kind:?} error at line {line} column {column}")]
pub struct UnreadableEvent {
    kind: Category,
    line: usize,
    column: usize,
}

impl UnreadableEvent {
    /// The kind and position of this error, whose message may repeat contents.
    pub(crate) fn new(error: &serde_json::Error) -> Self {
        Self { kind: error.classify(), line: error.line(), column: error.column() }
    }
}

impl From<RawEvent> for StoredEvent {
    fn from(event: RawEvent) -> Self {
        let readable = event.envelope().is_ok().then(|| serde_json::from_slice(&event.0).ok()).flatten();
        match String::from_utf8(event.0) {
            Ok(text) => Self { event: readable, raw: Some(text), raw_base64: None },
            Err(bytes) => {
                let encoded = BASE64_STANDARD.encode(bytes.as_bytes());
                Self { event: None, raw: None, raw_base64: Some(encoded) }
            }
        }
    }
}

impl TryFrom<StoredEvent> for RawEvent {
    type Error = &'static str;

    fn try_from(stored: StoredEvent) -> Result<Self, Self::Error> {
        match stored {
            StoredEvent { raw: Some(text), .. } => Ok(Self(text.into_bytes())),
            StoredEvent { raw_base64: Some(encoded), .. } => {
                BASE64_STANDARD.decode(encoded).map(Self).map_err(|_| "the event's bytes are damaged")
            }
            StoredEvent { event: Some(event), .. } => Ok(Self(event.to_string().into_bytes())),
            StoredEvent { .. } => Err("the dead letter has no event"),
        }
    }
}
