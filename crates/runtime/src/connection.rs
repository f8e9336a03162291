//! A connection that ends by itself: half-sent heads and connections without progress hold no place for long.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::CancellationToken;

/// The time until the head of a request must be complete: from the connection for the first, from its first byte for
/// others.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The time without progress after which a connection is closed: neither a byte between requests, nor the end of a
/// request. Longer than the minute for which nginx keeps an idle connection to reuse it, so that nginx closes first.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// The rest of the time for a head once the process stops.
const STOP_HEAD_TIMEOUT: Duration = Duration::from_secs(1);

/// The requests of a connection: a number that increases with each beginning and each end, so that it is odd during a
/// request. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Requests(Arc<AtomicUsize>);

/// A request in progress. Its drop is its end.
pub(crate) struct RequestGuard(Requests);

impl Requests {
    pub(crate) fn begin(&self) -> RequestGuard {
        self.0.fetch_add(1, Ordering::Relaxed);
        RequestGuard(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream whose reads and writes fail after a timeout. `requests` tells the phases of the connection apart.
pub(crate) struct TimedStream<S> {
    stream: S,
    requests: Requests,
    stop: CancellationToken,
    /// The count of requests at the last look.
    seen: usize,
    /// Whether a head is expected and has a deadline.
    reads_head: bool,
    deadline: Instant,
    /// Elapses at the deadline or before, so that most requests need not set it.
    timer: Pin<Box<Sleep>>,
}

#[expect(clippy::disallowed_methods, reason = "connections work in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "connections work in real time")]
fn timer(duration: Duration) -> Pin<Box<Sleep>> {
    Box::pin(sleep(duration))
}

impl<S> TimedStream<S> {
    /// A stream on which the head of the first request is expected. Heads that are incomplete at the `stop` get a
    /// moment more.
    pub(crate) fn new(stream: S, requests: Requests, stop: CancellationToken) -> Self {
        let (timer, deadline) = (timer(HEAD_TIMEOUT), now() + HEAD_TIMEOUT);
        Self { stream, requests, stop, seen: 0, reads_head: true, deadline, timer }
    }

    /// Starts the time anew when a request has begun or ended.
    fn follow_requests(&mut self) {
        let count = self.requests.count();
        if count != self.seen {
            (self.seen, self.reads_head) = (count, false);
            self.deadline = now() + IDLE_TIMEOUT;
        }
    }

    fn has_read(&mut self) {
        self.follow_requests();
        if !self.is_in_request() && !self.reads_head {
            self.reads_head = true;
            self.deadline = now() + HEAD_TIMEOUT;
        }
    }

    fn has_written(&mut self) {
        self.follow_requests();
        if !self.is_in_request() && !self.reads_head {
            self.deadline = now() + IDLE_TIMEOUT;
        }
    }

    fn is_in_request(&self) -> bool {
        self.seen % 2 == 1
    }

    /// The result of an operation that is pending: pending, too, or an error at the deadline.
    fn pending<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.follow_requests();
        if self.reads_head && self.stop.is_cancelled() {
            self.deadline = self.deadline.min(now() + STOP_HEAD_TIMEOUT);
        }
        if self.deadline < self.timer.deadline() {
            self.timer.as_mut().reset(self.deadline);
        }
        while self.timer.as_mut().poll(cx).is_ready() {
            if self.deadline <= self.timer.deadline() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.timer.as_mut().reset(self.deadline);
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buffer) {
            self.has_read();
            return Poll::Ready(read);
        }
        self.pending(cx)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, bytes) {
            self.has_written();
            return Poll::Ready(written);
        }
        self.pending(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write_vectored(cx, parts) {
            self.has_written();
            return Poll::Ready(written);
        }
        self.pending(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
