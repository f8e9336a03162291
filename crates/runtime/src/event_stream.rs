//! Server-sent events: replies that go on for as long as somebody reads them
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

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

/// Tells nginx and those who do as it does not to hold events back.
const BUFFERING: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// The event streams of one service. Cheap to clone.
#[derive(Clone)]
pub struct EventStreams {
    seats: Arc<Semaphore>,
    clock: SharedClock,
}

impl EventStreams {
    /// How many may be open at once. Each holds a connection and some kilobytes for as long as somebody looks at a
    /// page, so they must not take what requests need.
    pub const MOST: usize = 1024;

    /// After so long without an event a comment is sent: proxies cut connections on which nothing moves, and a reader
    /// that has gone is noticed only when something is written to it.
    pub const KEEP_ALIVE: Duration = Duration::from_secs(15);

    /// No stream is open yet.
    pub fn new(context: &ServiceContext) -> Self {
        Self { seats: Arc::new(Semaphore::new(Self::MOST)), clock: Arc::clone(&context.clock) }
    }

    /// The reply that sends these events, and ends when they do.
    ///
    /// # Errors
    /// 503 if too many are open.
    pub fn open(&self, events: impl Stream<Item = Event> + Send + 'static) -> Result<Response, Problem> {
        let seat = Arc::clone(&self.seats).try_acquire_owned();
        let seat = seat.map_err(|_| Problem::unavailable().caused_by("too many event streams are open"))?;
        let open = Open { events: events.boxed(), clock: Arc::clone(&self.clock), _seat: seat };
        let mut response = Sse::new(unfold(open, Open::next)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, Caching::Private.header());
        headers.extend([BUFFERING]);
        Ok(response)
    }
}

/// A stream that somebody reads. Its seat is free when it is dropped.
struct Open {
    events: BoxStream<'static, Event>,
    clock: SharedClock,
    _seat: OwnedSemaphorePermit,
}

impl Open {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let event = tokio::select! {
            biased;
            event = self.events.next() => event?,
            () = self.clock.sleep(EventStreams::KEEP_ALIVE) => Event::default().comment(""),
        };
        Some((Ok(event), self))
    }
}

/// Lets a reply end when `stop` is cancelled, if it is an event stream: nothing else would end it.
pub(crate) fn end_with(stop: &CancellationToken, mut response: Response) -> Response {
    if response.headers().get(CONTENT_TYPE).is_none_or(|kind| kind != EVENT_STREAM) {
        return response;
    }
    // It has no length, although what is left of it for `HEAD` has.
    response.headers_mut().remove(CONTENT_LENGTH);
    let stop = stop.clone();
    response.map(|body| Body::from_stream(body.into_data_stream().take_until(stop.cancelled_owned())))
}
