//! The origin of a message: only events that the owner of their subject has published are accepted.

use async_nats::Message;
use common::Envelope;
use metrics::counter;
use serde_json::Value;
use tracing::error;

use super::settings::{Settings, Stream};

/// The headers of copies.
const COPY_HEADERS: [&str; 3] = ["Nats-Stream", "Nats-Subject", "Nats-Stream-Source"];

/// The reason why another than the owner of its subject may have published a message, which contains `event` if this release
/// can read it. Subject and body must agree and, if a stream has stored the message, that is the subject's owner's.
///
/// The server allows each service its own subjects only, so the owner has published the message, unless the server has
/// copied it (`sources`, `republish`). It marks copies by headers that a publisher cannot remove.
pub(super) fn fault(
    settings: &Settings,
    message: &Message,
    stored_in: Option<&str>,
    event: Option<&Envelope>,
) -> Option<&'static str> {
    let has = |header: &str| message.headers.as_ref().is_some_and(|headers| headers.get(header).is_some());
    if COPY_HEADERS.into_iter().any(has) {
        return Some("the server has copied it from another stream");
    }
    let owner = Stream::ALL.into_iter().find(|stream| settings.is_of(*stream, &message.subject));
    let Some(owner) = owner.map(|stream| settings.stream_name(stream)) else {
        return Some("its subject has no owner");
    };
    if stored_in.is_some_and(|stream| stream != owner) {
        return Some("its stream is not that of the subject's owner");
    }
    // A later release may be able to read the event, and must be able to trust it.
    let claimed = event.map(|event| event.subject().to_string()).or_else(|| subject_of(&message.payload))?;
    (*message.subject != *settings.wire(&claimed)).then_some("its body is of another subject")
}

/// The subject in a body that this release cannot read.
fn subject_of(payload: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(payload).ok()?;
    body.get("subject")?.as_str().map(str::to_owned)
}

/// Counts and logs a rejected message.
pub(super) fn report(consumer: &'static str, stream: &'static str, message: &Message, reason: &'static str) {
    counter!("bus_events_rejected_total", "consumer" => consumer, "stream" => stream).increment(1);
    let subject = message.subject.as_str();
    error!(consumer, stream, subject, reason, "an event is rejected: its owner may not have published it");
}
