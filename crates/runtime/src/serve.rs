//! Listening and serving.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::serve::Listener;
use http::header::CONNECTION;
use http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use metrics::counter;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::connection::{Requests, TimedStream};
use crate::{event_stream, stop};

/// The time without a new connection after which the listener closes.
const QUIET_PERIOD: Duration = Duration::from_millis(20);
/// The timeout of the wait for a quiet period.
const QUIET_TIMEOUT: Duration = Duration::from_secs(1);

/// The reason why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another program uses the port.
    #[error(
        "the address {0} is in use already; stop the other program, or choose another address with `{1}`"
    )]
    InUse(SocketAddr, &'static str),
    /// The address belongs to another machine, or the port is not permitted.
    #[error("cannot listen on {0}: {2}; choose another address with `{1}`")]
    Refused(SocketAddr, &'static str, #[source] std::io::Error),
}

/// Listens on an address; `option` is the command-line option that chose the address.
///
/// # Errors
/// The address is in use, or the system refuses it.
pub async fn bind(address: SocketAddr, option: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::InUse(address, option),
        _ => ServeError::Refused(address, option, error),
    })
}

/// Serves until `stop` is cancelled, then finishes the requests in flight and ends the event streams.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_for(listener, router, stop, Duration::ZERO).await;
}

/// As [`serve`], behind a load balancer, which notices after a delay that this process is not ready. Until then the
/// process answers requests with `Connection: close`: a closed connection would lose the requests on their way.
pub async fn serve_behind(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_for(listener, router, stop, stop::DRAIN_DELAY).await;
}

/// The largest number of open connections of a listener. Each may hold [`MAX_HEAD`] bytes while its request is
/// received. Above the requests in flight and the event streams of one service together.
const MAX_CONNECTIONS: usize = 4096;
/// A listener takes at most one in this number of the files that the process may open: a process has several listeners,
/// and its databases.
const SHARE_OF_FILES: u64 = 4;
/// The largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;

async fn serve_for(mut listener: TcpListener, router: Router, stop: CancellationToken, drain: Duration) {
    let connections = Connections {
        router,
        stopping: stop.clone(),
        closing: CancellationToken::new(),
        crowded: Arc::new(Notify::new()),
        tasks: TaskTracker::new(),
    };
    let (accepted, closing) = (Notify::new(), connections.closing.clone());
    let mut closed = pin!(async {
        stop.cancelled_owned().await;
        sleep(drain).await;
        quiet_period(&accepted).await;
    });
    let places = Arc::new(Semaphore::new(max_connections()));
    loop {
        let next = async {
            let place = connections.place(&places).await;
            // Retries after errors: the process may have too many open files for a moment.
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            next = next => next,
            () = &mut closed => break,
        };
        accepted.notify_one();
        connections.tasks.spawn(connections.serve(stream, peer, place));
    }
    drop(listener);
    closing.cancel();
    connections.tasks.close();
    connections.tasks.wait().await;
}

/// The open connections of a listener.
struct Connections {
    router: Router,
    /// Cancelled when the process stops: clients must open their next connection to another.
    stopping: CancellationToken,
    /// Cancelled when the connections must end.
    closing: CancellationToken,
    /// Notified when a connection waits for a place: those without a request in progress end.
    crowded: Arc<Notify>,
    tasks: TaskTracker,
}

impl Connections {
    /// The place of one more connection. At the limit new connections wait in the system's queue.
    async fn place(&self, places: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return Some(place);
        }
        counter!("connection_limit_reached_total").increment(1);
        self.crowded.notify_waiters();
        Arc::clone(places).acquire_owned().await.ok()
    }

    /// Serves a connection to its end.
    fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        place: Option<OwnedSemaphorePermit>,
    ) -> impl Future<Output = ()> + use<> {
        let (router, stopping, closing) = (self.router.clone(), self.stopping.clone(), self.closing.clone());
        let (crowded, requests) = (Arc::clone(&self.crowded), Requests::default());
        let stream = TimedStream::new(stream, requests.clone(), closing.clone());
        let end_streams = closing.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (router, stopping, end_streams) = (router.clone(), stopping.clone(), end_streams.clone());
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let in_progress = requests.begin();
            async move {
                let Ok(mut response) = router.oneshot(request).await;
                drop(in_progress);
                if stopping.is_cancelled() {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(event_stream::end_with(&end_streams, response))
            }
        });
        async move {
            // HTTP/1.1 only: proxies speak it with services, and HTTP/2 without TLS would have limits of its own.
            let connection =
                http1::Builder::new().max_buf_size(MAX_HEAD).serve_connection(TokioIo::new(stream), service);
            let mut connection = pin!(connection);
            let end_requested = async {
                tokio::select! {
                    () = closing.cancelled() => {}
                    () = crowded.notified() => {}
                }
            };
            let served = tokio::select! {
                served = connection.as_mut() => served,
                () = end_requested => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = served {
                tracing::trace!(%error, "a connection has failed");
            }
            drop(place);
        }
    }
}

/// The number of connections that a listener may have, by the number of files that the process may open. Raises the latter
/// to the highest that the system allows.
pub fn max_connections() -> usize {
    let allowed = getrlimit(Resource::Nofile);
    // Refused by some sandboxes: then the present limit counts.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: allowed.maximum, ..allowed }).is_ok();
    let files = if raised { allowed.maximum } else { allowed.current };
    let share =
        files.map_or(usize::MAX, |files| usize::try_from(files / SHARE_OF_FILES).unwrap_or(usize::MAX));
    MAX_CONNECTIONS.min(share.max(1))
}

/// Waits for a time without new connections, because closing the listener resets those that are not accepted yet.
async fn quiet_period(connected: &Notify) {
    let quiet = async { while timeout(QUIET_PERIOD, connected.notified()).await.is_ok() {} };
    // Under steady traffic there is none, and some connections are reset.
    let _ = timeout(QUIET_TIMEOUT, quiet).await;
}

#[expect(clippy::disallowed_methods, reason = "load balancers and connections work in real time")]
async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}
