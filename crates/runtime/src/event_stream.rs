//! Server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use common::http::{Caching, ClientAddress, HttpContext};
use common::{Problem, SharedClock, UserId};
use futures::future::{BoxFuture, FutureExt, pending};
use futures::stream::{BoxStream, Stream, StreamExt, unfold};
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use metrics::counter;
use parking_lot::Mutex;
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
    /// The number of open streams by their owner.
    owners: Arc<Mutex<HashMap<Owner, usize>>>,
}

/// The person that opens a stream, or without a session the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Owner {
    Person(UserId),
    Address(IpAddr),
}

/// The reader of a stream: its session, which ends the stream, and its limit. Extracted from the request.
pub struct StreamReader {
    owner: Owner,
    max_streams: usize,
    /// Resolves at the end of the session; without a session never.
    session_end: BoxFuture<'static, ()>,
}

impl<S: Send + Sync> FromRequestParts<S> for StreamReader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = HttpContext::from_request_parts(parts, state).await?;
        let address = ClientAddress::from_request_parts(parts, state).await?;
        let max_streams = context.max_streams;
        let Some(claims) = context.valid_session(&parts.headers).await? else {
            let owner = Owner::Address(address.network());
            return Ok(Self { owner, max_streams, session_end: pending().boxed() });
        };
        let (watch, clock) = (context.sessions.watch(claims.sid), Arc::clone(&context.clock));
        let end = claims.session_end();
        let session_end = async move {
            tokio::select! {
                () = watch.revoked() => {}
                () = clock.sleep_until(end) => {}
            }
        };
        Ok(Self { owner: Owner::Person(claims.sub), max_streams, session_end: session_end.boxed() })
    }
}

impl EventStreams {
    /// The largest number of open streams. Each holds a connection and some kilobytes while its page is open, which
    /// must not starve requests.
    pub const MAX_OPEN: usize = 1024;

    /// The time without an event after which a comment is sent. Proxies close silent connections, and only a write
    /// detects a client that is gone.
    pub const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);

    /// No open streams yet.
    pub fn new(context: &ServiceContext) -> Self {
        counter!("streams_refused_total").increment(0);
        let permits = Arc::new(Semaphore::new(Self::MAX_OPEN));
        Self { permits, clock: Arc::clone(&context.clock), owners: Arc::default() }
    }

    /// A reply that sends `events` and ends with them, or with the session of the reader.
    ///
    /// # Errors
    /// 429 if the reader has too many open streams, 503 if all readers together have.
    pub fn open(
        &self,
        reader: StreamReader,
        events: impl Stream<Item = Event> + Send + 'static,
    ) -> Result<Response, Problem> {
        let owned = self.admit(reader.owner, reader.max_streams)?;
        let permit = Arc::clone(&self.permits).try_acquire_owned();
        let permit =
            permit.map_err(|_| Problem::unavailable().caused_by("too many event streams are open"))?;
        let open = OpenStream {
            events: events.boxed(),
            clock: Arc::clone(&self.clock),
            session_end: reader.session_end,
            _owned: owned,
            _permit: permit,
        };
        let mut response = Sse::new(unfold(open, OpenStream::next)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, Caching::Private.header());
        headers.extend([NO_BUFFERING]);
        Ok(response)
    }

    fn admit(&self, owner: Owner, max_streams: usize) -> Result<OwnedStream, Problem> {
        let mut owners = self.owners.lock();
        let open = owners.entry(owner).or_default();
        if max_streams > 0 && *open >= max_streams {
            counter!("streams_refused_total").increment(1);
            let detail =
                "Too many live streams are open; close one, then retry after the delay in `Retry-After`.";
            let refused = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", detail);
            return Err(refused.retry_after(Self::KEEP_ALIVE_INTERVAL));
        }
        *open += 1;
        Ok(OwnedStream { owner, owners: Arc::clone(&self.owners) })
    }
}

/// Counts a stream of its owner until it is dropped.
struct OwnedStream {
    owner: Owner,
    owners: Arc<Mutex<HashMap<Owner, usize>>>,
}

impl Drop for OwnedStream {
    fn drop(&mut self) {
        let mut owners = self.owners.lock();
        if let Entry::Occupied(mut open) = owners.entry(self.owner) {
            *open.get_mut() -= 1;
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

/// An open stream. Its permits are released when it is dropped.
struct OpenStream {
    events: BoxStream<'static, Event>,
    clock: SharedClock,
    session_end: BoxFuture<'static, ()>,
    _owned: OwnedStream,
    _permit: OwnedSemaphorePermit,
}

impl OpenStream {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let event = tokio::select! {
            biased;
            () = &mut self.session_end => return None,
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
