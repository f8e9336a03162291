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

/// For so long nobody may connect before the listener is closed.
const LULL: Duration = Duration::from_millis(20);
/// For so long that is waited for.
const LONGEST_LULL: Duration = Duration::from_secs(1);

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else has the port.
    #[error(
        "the address {0} is in use already; stop the other program, or choose another address with `{1}`"
    )]
    InUse(SocketAddr, &'static str),
    /// The address is not ours, or the port is not allowed.
    #[error("cannot listen on {0}: {2}; choose another address with `{1}`")]
    Refused(SocketAddr, &'static str, #[source] std::io::Error),
}

/// Listens on an address; `option` is the option that chose it.
///
/// # Errors
/// Somebody else listens there, or it is not allowed.
pub async fn bind(address: SocketAddr, option: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => ServeError::InUse(address, option),
        _ => ServeError::Refused(address, option, error),
    })
}

/// Serves until `stop` is cancelled, then finishes the requests at hand. Event streams, which never finish, are ended.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_for(listener, router, stop, Duration::ZERO).await;
}

/// The same for a process that stands behind a load balancer, which learns only after a while that this one is not
/// ready any more: until then whatever comes is answered, and told to come on another connection next time. A
/// connection that is closed while a request is on its way to it would lose that request.
pub async fn serve_behind(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_for(listener, router, stop, stop::DRAIN_DELAY).await;
}

async fn serve_for(listener: TcpListener, router: Router, stop: CancellationToken, drain: Duration) {
    let (leaving, closing, came) = (stop.clone(), CancellationToken::new(), Arc::new(Notify::new()));
    let ended = closing.clone();
    let app = MapResponse::new(router, move |mut response: Response| {
        if leaving.is_cancelled() {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        event_stream::end_with(&ended, response)
    });
    let app = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
    let accepted = Arc::clone(&came);
    let listener = listener.tap_io(move |_| accepted.notify_one());
    let closed = async move {
        stop.cancelled_owned().await;
        pause(drain).await;
        lull(&came).await;
        closing.cancel();
    };
    if let Err(error) = axum::serve(listener, app).with_graceful_shutdown(closed).await {
        tracing::error!(%error, "serving ended early");
    }
}

/// A moment in which nobody connects: who has connected and is not accepted yet when the listener is closed is cut off.
async fn lull(came: &Notify) {
    let lull = async { while timeout(LULL, came.notified()).await.is_ok() {} };
    // If they never stop coming, some are.
    let _ = timeout(LONGEST_LULL, lull).await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "connections live in real time, whatever the marketplace's clock says"
)]
async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}
