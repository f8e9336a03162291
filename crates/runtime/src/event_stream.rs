//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use common::http::Caching;
use common::{Problem, SharedClock};
use futures::stream::{BoxStream, Stream, StreamExt, unfold};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::ServiceContext;

const EVENT_STREAM: &str = "text/event-stream";

/// Stops nginx and compatible proxies from buffering events.
const NO_BUFFERING: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The event streams of one service. Cheap to clone.
#[derive(Clone)]
pub struct EventStreams {
    permits: Arc<Semaphore>,
    clock: SharedClock,
}

impl EventStreams {
    /// The largest number of open streams. Each holds a connection and some kilobytes while its page is open, which
    /// must not starve requests.
    pub const MAX_STREAMS: usize = 1024;

    /// The time without an event after which a comment is sent. Proxies close silent connections, and only a write
    /// detects a client that is gone.
    pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

    /// No open streams yet.
    pub fn new(context: &ServiceContext) -> Self {
        Self { permits: Arc::new(Semaphore::new(Self::MAX_STREAMS)), clock: Arc::clone(&context.clock) }
    }

    /// A reply that sends `events` and ends with them.
    ///
    /// # Errors
    /// 503 if too many streams are open.
    pub fn open(&self, events: impl Stream<Item = Event> + Send + 'static) -> Result<Response, Problem> {
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit =
            permit.map_err(|_| Problem::unavailable().caused_by("too many event streams are open"))?;
        let open = OpenStream { events: events.boxed(), clock: Arc::clone(&self.clock), _permit: permit };
        let mut response = Sse::new(unfold(open, OpenStream::next)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, Caching::Private.header());
        headers.extend([NO_BUFFERING]);
        Ok(response)
    }
}

/// An open stream. Its permit is released when it is dropped.
struct OpenStream {
    events: BoxStream<'static, Event>,
    clock: SharedClock,
    _permit: OwnedSemaphorePermit,
}

impl OpenStream {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let event = tokio::select! {
            biased;
            event = self.events.next() => event?,
            () = self.clock.sleep(EventStreams::KEEP_ALIVE_INTERVAL) => Event::default().comment(""),
        };
        Some((Ok(event), self))
    }
}

/// Ends an event stream when `stop` is cancelled, because nothing else would. Other replies are unchanged.
pub(crate) fn end_with(stop: &CancellationToken, mut response: Response) -> Response {
    if response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != EVENT_STREAM) {
        return response;
    }
    // A stream has no length, but axum gives the empty body of a `HEAD` reply one.
    response.headers_mut().remove(CONTENT_LENGTH);
    let stop = stop.clone();
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(stop.cancelled_owned())))
}
