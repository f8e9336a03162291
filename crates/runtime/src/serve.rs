//! Listening and serving.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use axum::serve::ListenerExt;
use axum::{Router, ServiceExt};
use http::HeaderValue;
use http::header::CONNECTION;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tower::util::MapResponse;

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

async fn serve_for(listener: TcpListener, router: Router, stop: CancellationToken, drain: Duration) {
    let (stopping, closing, connected) = (stop.clone(), CancellationToken::new(), Arc::new(Notify::new()));
    let end_streams = closing.clone();
    let app = MapResponse::new(router, move |mut response: Response| {
        if stopping.is_cancelled() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        event_stream::end_with(&end_streams, response)
    });
    let app = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
    let accepted = Arc::clone(&connected);
    let listener = listener.tap_io(move |_| accepted.notify_one());
    let closed = async move {
        stop.cancelled_owned().await;
        sleep(drain).await;
        quiet_period(&connected).await;
        closing.cancel();
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(closed).await {
        tracing::error!(%error, "serving failed");
    }
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
