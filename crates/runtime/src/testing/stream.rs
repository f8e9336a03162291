//! Reads an event stream as a page would.

use axum::body::Body;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use serde_json::Value;

use super::PATIENCE;

/// An event stream that is being read.
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
    /// Its `event:`; empty if it is a comment.
    pub event: String,
    /// Its `id:`; empty if it has none.
    pub id: String,
    /// Its `data:` as JSON; `null` if it has none.
    pub data: Value,
}

impl EventStream {
    pub(super) fn new(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status.as_u16(), headers: parts.headers, body, text: String::new() }
    }

    /// The next message; `None`: the stream has ended.
    ///
    /// # Panics
    /// None comes, or it is none.
    pub async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let message: String = self.text.drain(..end + 2).collect();
                return Some(Message::parse(&message));
            }
            let frame =
                tokio::time::timeout(PATIENCE, self.body.frame()).await.expect("a message, or the end");
            let frame = frame?.expect("a stream that does not break off");
            let data = frame.into_data().expect("data");
            self.text.push_str(std::str::from_utf8(&data).expect("text"));
        }
    }

    /// The next message, which must be an event of this name.
    ///
    /// # Panics
    /// It is another one.
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
                other => panic!("no field of an event: {other}"),
            }
        }
        message
    }
}
