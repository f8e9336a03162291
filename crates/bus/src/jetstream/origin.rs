//! The origin of a message: only events that the owner of their subject has published are accepted.

use async_nats::Message;
use async_nats::header::{NATS_STREAM, NATS_SUBJECT};
use common::Envelope;
use metrics::counter;
use tracing::error;

use super::settings::{Settings, Stream};

/// The header of a message that the server copied from a source or a mirrored stream.
const NATS_STREAM_SOURCE: &str = "Nats-Stream-Source";

/// The reason why a message is not delivered.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Another than the owner of the subject may have published the message.
    Foreign(&'static str),
    Unreadable(serde_json::Error),
}

/// Decodes a message whose subject and body agree and, if a stream has stored it, whose stream is that of the subject's
/// owner. The server allows each service its own subjects only, so the owner has published the message, unless the
/// server has copied it (`sources`, `mirror`, `republish`); it marks copies by headers that a publisher cannot remove.
pub(super) fn decode(
    settings: &Settings,
    message: &Message,
    stored_in: Option<&str>,
) -> Result<Envelope, Refusal> {
    let is_copy = message.headers.as_ref().is_some_and(|headers| {
        headers.get(NATS_STREAM).or(headers.get(NATS_SUBJECT)).or(headers.get(NATS_STREAM_SOURCE)).is_some()
    });
    if is_copy {
        return Err(Refusal::Foreign("the server has copied it from another stream"));
    }
    let event: Envelope = serde_json::from_slice(&message.payload).map_err(Refusal::Unreadable)?;
    if *message.subject != *settings.subject(event.subject()) {
        return Err(Refusal::Foreign("its body is of another subject"));
    }
    if stored_in.is_some_and(|stream| stream != settings.stream_name(Stream::of(event.subject()))) {
        return Err(Refusal::Foreign("its stream is not that of the subject's owner"));
    }
    Ok(event)
}

/// Counts and logs a foreign message.
pub(super) fn report(consumer: &'static str, stream: &'static str, message: &Message, reason: &'static str) {
    counter!("bus_events_rejected_total", "consumer" => consumer, "stream" => stream).increment(1);
    let subject = message.subject.as_str();
    error!(consumer, stream, subject, reason, "an event is rejected: its owner may not have published it");
}
