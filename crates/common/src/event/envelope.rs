//! What travels around a event.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Event, Subject};
use crate::{EventId, Time};

/// A published event with what the bus and the consumers need to handle it.
///
/// `version` is the revision of the aggregate that the event came from; `schema` is the shape of the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// Names this publication; a bus may use it to drop duplicates.
    pub id: EventId,
    /// The shape of `data`; it grows when a field changes its meaning.
    pub schema: u32,
    /// The aggregate that the event is about. Its events are delivered in order.
    pub aggregate: Uuid,
    /// The aggregate's revision.
    pub version: u64,
    /// When it was committed.
    pub time: Time,
    /// W3C `traceparent` of the request that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// `subject` and `data`.
    #[serde(flatten)]
    pub event: Event,
}

impl Envelope {
    /// The subject on which it is published.
    pub fn subject(&self) -> Subject {
        self.event.subject()
    }
}
