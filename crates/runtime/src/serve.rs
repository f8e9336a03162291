//! Listening and serving.

use std::net::SocketAddr;

use axum::extract::Request;
use axum::{Router, ServiceExt};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::util::MapResponse;

use crate::event_stream;

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
    let ended = stop.clone();
    let app = MapResponse::new(router, move |response| event_stream::end_with(&ended, response));
    let app = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(app);
    let served = axum::serve(listener, app).with_graceful_shutdown(stop.cancelled_owned()).await;
    if let Err(error) = served {
        tracing::error!(%error, "serving ended early");
    }
}
