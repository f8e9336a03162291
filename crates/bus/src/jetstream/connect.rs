//! The first connection: wait for the server, then create the streams that are missing.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::context::{ContextBuilder, CreateStreamError, CreateStreamErrorKind};
use async_nats::jetstream::{Context, ErrorCode};
use async_nats::{Client, ConnectErrorKind, ConnectOptions};
use common::{Backoff, Ids, SharedClock};
use tracing::{info, warn};

use super::link::Link;
use super::settings::{Owner, Settings};
use super::{Address, Options};

/// The delays between two tries, of the first connection and of every later one.
const RETRY: Backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(10) };

/// How often the server is asked for a sign of life. Two that stay unanswered end the connection.
const PING_EVERY: Duration = Duration::from_secs(5);

/// How many published events may wait for their acknowledgements at the same time: those of several relays. More wait
/// here instead.
const MOST_PUBLISHING: usize = 8192;

/// Why there is no use in trying again.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The server does not know us.
    #[error(
        "NATS at {0} refuses these credentials; check the user and password, or the token, in the bus address"
    )]
    Denied(Address),
    /// A certificate cannot be used.
    #[error("the certificates for NATS cannot be used ({0}); check their files")]
    Certificates(String),
    /// The prefix cannot be part of a stream's name.
    #[error("the bus prefix `{0}` must be made of letters, digits, `-` and `_`")]
    Prefix(String),
    /// The server cannot keep a stream as it is set.
    #[error(
        "NATS does not keep the stream {stream} as it is set ({reason}); check the number of replicas and the account's limits"
    )]
    Stream {
        /// The stream.
        stream: String,
        /// What the server says.
        reason: String,
    },
}

/// Connects and sees to the streams, for as long as it takes.
pub(super) async fn connect(
    address: &Address,
    settings: &Settings,
    link: &Arc<Link>,
    clock: &SharedClock,
    ids: &Ids,
) -> Result<(Client, Context), ConnectError> {
    let mut failures = 0;
    let client = loop {
        let options = client_options(address, &settings.options, link, ids);
        match options.connect(address.servers()).await {
            Ok(client) => break client,
            Err(error) => match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                    return Err(ConnectError::Denied(address.clone()));
                }
                ConnectErrorKind::Tls => return Err(ConnectError::Certificates(error.to_string())),
                _ => warn!(%address, %error, "NATS does not answer yet; trying again"),
            },
        }
        failures += 1;
        clock.sleep(RETRY.delay(failures, ids)).await;
    };
    let context = ContextBuilder::new()
        .timeout(settings.options.publish_timeout)
        .max_ack_inflight(MOST_PUBLISHING)
        .backpressure_on_inflight(true)
        .build(client.clone());
    for owner in Owner::ALL {
        let mut failures = 0;
        while let Err(error) = see_to_stream(&context, settings, owner).await {
            let stream = settings.stream_name(owner);
            if is_for_good(&error) {
                return Err(ConnectError::Stream { stream, reason: error.to_string() });
            }
            let hint = "is JetStream enabled?";
            warn!(%address, stream, %error, hint, "NATS does not keep streams yet; trying again");
            failures += 1;
            clock.sleep(RETRY.delay(failures, ids)).await;
        }
    }
    Ok((client, context))
}

fn client_options(address: &Address, options: &Options, link: &Arc<Link>, ids: &Ids) -> ConnectOptions {
    let (link, ids) = (Arc::clone(link), ids.clone());
    let mut client = ConnectOptions::new()
        .name(&options.name)
        // What is sent to a service is for nobody else to hear: the server can be told so by this name.
        .custom_inbox_prefix(format!("_INBOX.{}", options.name))
        .ping_interval(PING_EVERY)
        .max_reconnects(None)
        .reconnect_delay_callback(move |tries| match tries {
            // The library asks before the very first try, too.
            0 | 1 => Duration::ZERO,
            _ => RETRY.delay(u32::try_from(tries - 1).unwrap_or(u32::MAX), &ids),
        })
        .event_callback(move |event| {
            link.note(&event);
            std::future::ready(())
        });
    for file in &options.certificates {
        client = client.add_root_certificates(file.clone());
    }
    address.identify(client)
}

/// Creates an owner's stream, or changes it to what it shall be. It does not matter who else does so at the same time.
pub(super) async fn see_to_stream(
    context: &Context,
    settings: &Settings,
    owner: Owner,
) -> Result<(), CreateStreamError> {
    match context.create_stream(settings.stream(owner)).await {
        Err(error) if code(&error) == Some(ErrorCode::STREAM_NAME_EXIST) => {
            info!(stream = settings.stream_name(owner), "the stream has other settings; changing them");
            context.update_stream(settings.stream(owner)).await.map(|_| ())
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

/// Whether waiting cannot help: the server understood and said no. A cluster that is still gathering says so by being
/// unavailable or out of resources.
fn is_for_good(error: &CreateStreamError) -> bool {
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
