//! The first connection, and the creation of the streams of this service.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::{ContextBuilder, CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{Client, ConnectErrorKind, ConnectOptions};
use common::{Backoff, Ids, SharedClock};
use tracing::{info, warn};

use super::address::Address;
use super::connection::ConnectionMonitor;
use super::settings::{Options, PrefixError, Settings, Stream};

/// The delays between two attempts, of the first connection and of every reconnect.
const RETRY_BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(10) };

/// The interval between two pings of the server. Two without an answer end the connection.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Published events without an acknowledgement, those of several relays; further publishers wait.
const MAX_ACK_INFLIGHT: usize = 8192;

/// A failure to connect that no retry changes.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server refuses the credentials.
    #[error(
        "NATS at {0} refuses these credentials; check the user and password, or the token, in the bus address"
    )]
    Denied(Address),
    /// A certificate cannot be used.
    #[error("the certificates for NATS cannot be used ({0}); check their files")]
    Certificates(String),
    /// The prefix cannot be part of a stream's name.
    #[error(transparent)]
    Prefix(#[from] PrefixError),
    /// The server refuses the configuration of a stream.
    #[error(
        "NATS refuses the configuration of the stream {stream} ({reason}); check the number of replicas and the account's limits"
    )]
    Stream {
        /// The stream.
        stream: String,
        /// The server's error.
        reason: String,
    },
}

/// Connects and ensures the streams of this service, with retries.
pub(super) async fn connect(
    address: &Address,
    settings: &Settings,
    monitor: &Arc<ConnectionMonitor>,
    clock: &SharedClock,
    ids: &Ids,
) -> Result<(Client, Context), ConnectError> {
    let mut failures = 0;
    let client = loop {
        let options = client_options(address, &settings.options, monitor, ids);
        match options.connect(address.servers()).await {
            Ok(client) => break client,
            Err(error) => match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                    return Err(ConnectError::Denied(address.clone()));
                }
                ConnectErrorKind::Tls => return Err(ConnectError::Certificates(error.to_string())),
                _ => warn!(%address, %error, "NATS is unavailable; retrying"),
            },
        }
        failures += 1;
        clock.sleep(RETRY_BACKOFF.delay(failures, ids)).await;
    };
    let context = ContextBuilder::new()
        .timeout(settings.options.publish_timeout)
        .max_ack_inflight(MAX_ACK_INFLIGHT)
        .backpressure_on_inflight(true)
        .build(client.clone());
    for stream in Stream::ALL.into_iter().filter(|stream| settings.owns(*stream)) {
        let mut failures = 0;
        while let Err(error) = ensure_stream(&context, settings, stream).await {
            let stream = settings.stream_name(stream);
            if is_permanent(&error) {
                return Err(ConnectError::Stream { stream, reason: error.to_string() });
            }
            let hint = "is JetStream enabled?";
            warn!(%address, stream, %error, hint, "the stream could not be created; retrying");
            failures += 1;
            clock.sleep(RETRY_BACKOFF.delay(failures, ids)).await;
        }
    }
    Ok((client, context))
}

fn client_options(
    address: &Address,
    options: &Options,
    monitor: &Arc<ConnectionMonitor>,
    ids: &Ids,
) -> ConnectOptions {
    let (monitor, ids) = (Arc::clone(monitor), ids.clone());
    let mut client = ConnectOptions::new()
        .name(&options.name)
        // The server's permissions refer to this name: no other service may read this inbox.
        .custom_inbox_prefix(format!("_INBOX.{}", options.name))
        .ping_interval(PING_INTERVAL)
        .max_reconnects(None)
        .reconnect_delay_callback(move |attempts| match attempts {
            // The library also asks before the first attempt.
            0 | 1 => Duration::ZERO,
            _ => RETRY_BACKOFF.delay(u32::try_from(attempts - 1).unwrap_or(u32::MAX), &ids),
        })
        .event_callback(move |event| {
            monitor.record(&event);
            std::future::ready(())
        });
    for file in &options.root_certificates {
        client = client.add_root_certificates(file.clone());
    }
    address.identify(client)
}

/// Creates a stream, or updates its configuration. Safe to run in several processes at once.
pub(super) async fn ensure_stream(
    context: &Context,
    settings: &Settings,
    stream: Stream,
) -> Result<(), CreateStreamError> {
    match context.create_stream(settings.stream(stream)).await {
        Err(error) if code(&error) == Some(ErrorCode::STREAM_NAME_EXIST) => {
            info!(stream = settings.stream_name(stream), "the stream has other settings; updating them");
            context.update_stream(settings.stream(stream)).await.map(|_| ())
        }
        created => created.map(|_| ()),
    }
}

fn code(error: &CreateStreamError) -> Option<ErrorCode> {
    match error.kind() {
        CreateStreamErrorKind::JetStream(error) => Some(error.error_code()),
        _ => None,
    }
}

/// Whether no retry helps: the server refused the request. A cluster that is still forming is unavailable or short of
/// resources instead.
fn is_permanent(error: &CreateStreamError) -> bool {
    code(error).is_some_and(|code| {
        !matches!(
            code,
            ErrorCode::CLUSTER_NOT_AVAILABLE
                | ErrorCode::CLUSTER_NOT_LEADER
                | ErrorCode::INSUFFICIENT_RESOURCES
                | ErrorCode::JETSTREAM_NOT_ENABLED
                | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT
        )
    })
}
