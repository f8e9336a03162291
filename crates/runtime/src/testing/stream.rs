//! A reader of event streams.

use axum::body::Body;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use serde_json::Value;

use super::TEST_TIMEOUT;

/// An open event stream.
#[derive(Debug)]
pub struct EventStream {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    body: Body,
    text: String,
}

/// A message of an event stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The `event:` field; empty in a comment.
    pub event: String,
    /// The `id:` field; empty if absent.
    pub id: String,
    /// The `data:` field as JSON; `null` if absent.
    pub data: Value,
}

impl EventStream {
    pub(super) fn new(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status.as_u16(), headers: parts.headers, body, text: String::new() }
    }

    /// Reads the next message. Returns `None` at the end of the stream.
    ///
    /// # Panics
    /// No message arrives in time, or it is invalid.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let message: String = self.text.drain(..end + 2).collect();
                return Some(Message::parse(&message));
            }
            let frame =
                tokio::time::timeout(TEST_TIMEOUT, self.body.frame()).await.expect("a message, or the end");
            let frame = frame?.expect("an unbroken stream");
            let data = frame.into_data().expect("data");
            self.text.push_str(std::str::from_utf8(&data).expect("text"));
        }
    }

    /// Reads the next message, which must have this event name.
    ///
    /// # Panics
    /// The message has another name.
    pub async fn expect(&mut self, event: &str) -> Message {
        let message = self.next().await.expect("a message");
        assert_eq!(message.event, event, "{message:?}");
        message
    }
}

impl Message {
    fn parse(text: &str) -> Self {
        let mut message = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (field, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut message.event),
                "id" => value.clone_into(&mut message.id),
                "data" => message.data = serde_json::from_str(value).expect("JSON"),
                "" => {}
                other => panic!("unknown field of an event: {other}"),
            }
        }
        message
    }
}
