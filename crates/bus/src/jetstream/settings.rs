//! The options of the bus, and the configuration of streams and durable consumers that every service derives from them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};
use common::event::Subject;

use crate::stream::DEFAULT_STREAM_BYTES;
pub(super) use crate::stream::Stream;

/// The time for which a stream stores an event, consumed or not: longer than a service stays down over a weekend, short
/// enough that a stream stays below [`Options::max_stream_bytes`].
const MAX_AGE: Duration = Duration::from_hours(3 * 24);

/// The time within which the server recognizes an event that is published again. Sweeps of the outbox (every 30
/// seconds) and retries fall well within; a later duplicate is delivered twice, which consumers tolerate.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);

/// Unacknowledged deliveries of one consumer over all its processes: enough for eight in which as many events wait as
/// [`Limits::max_buffered`](crate::Limits::max_buffered) allows.
const MAX_ACK_PENDING: i64 = 65_536;

/// Deliveries from one stream that wait in one process for its consumer loop, and so the batch of a pull request: enough
/// to keep the loop busy, few enough that a process that crashes does not withhold many from the others.
pub(super) const MAX_QUEUED: usize = 512;

/// The default of [`Options::close_timeout`]: the pods' grace period counts on it.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The name of a process of all services, which creates every stream.
const ALL_SERVICES: &str = "ticketing";

/// The options of the bus. All processes of one marketplace use the same, except for the name.
#[derive(Debug, Clone)]
pub struct Options {
    /// The first part of every subject and stream: letters, digits, `-` and `_`. Marketplaces with different prefixes
    /// share a server without receiving each other's events.
    pub prefix: String,
    /// Replicas of each stream: 1, or 3 in a cluster of at least as many servers.
    pub num_replicas: usize,
    /// The bytes of each stream. A full stream refuses events, which then wait in the outbox: discarding old ones would
    /// lose those that a service has not consumed. The server reserves the sum, so its volume must be larger.
    pub max_stream_bytes: i64,
    /// The service, also the connection's name in the server's monitoring, and the prefix of its inbox
    /// (`_INBOX.<name>.>`). `ticketing` is all services.
    pub name: String,
    /// The server redelivers an event that is neither acknowledged nor in progress for this time.
    pub ack_wait: Duration,
    /// The timeout of the server's acknowledgement of a published event.
    pub publish_timeout: Duration,
    /// The time that closing leaves to return the messages in flight and to send the last acknowledgements, half of it for the
    /// former. Afterwards the server redelivers them only after `ack_wait`.
    pub close_timeout: Duration,
    /// Files of root certificates (PEM) to trust instead of the system's, for `tls://`.
    pub root_certificates: Vec<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            prefix: "ticketing".to_owned(),
            num_replicas: 1,
            max_stream_bytes: DEFAULT_STREAM_BYTES,
            name: ALL_SERVICES.to_owned(),
            ack_wait: Duration::from_secs(30),
            publish_timeout: Duration::from_secs(5),
            close_timeout: CLOSE_TIMEOUT,
            root_certificates: Vec::new(),
        }
    }
}

/// The prefix cannot be part of a stream's name.
#[derive(Debug, thiserror::Error)]
#[error("the bus prefix `{0}` must be made of letters, digits, `-` and `_`")]
pub struct PrefixError(String);

/// The streams of these subjects.
pub(super) fn streams(subjects: &[Subject]) -> BTreeSet<Stream> {
    subjects.iter().copied().map(Stream::of).collect()
}

/// The validated options, and the names and configurations derived from them.
pub(super) struct Settings {
    pub(super) options: Options,
}

impl Settings {
    /// # Errors
    /// The prefix cannot be part of a stream's name.
    pub(super) fn new(options: Options) -> Result<Self, PrefixError> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if options.prefix.is_empty() || !options.prefix.chars().all(is_allowed) {
            return Err(PrefixError(options.prefix));
        }
        Ok(Self { options })
    }

    /// The subject on the wire.
    pub(super) fn subject(&self, subject: Subject) -> String {
        self.wire(subject.as_str())
    }

    /// A subject, perhaps of a later release, on the wire.
    pub(super) fn wire(&self, subject: &str) -> String {
        format!("{}.{subject}", self.options.prefix)
    }

    /// Whether this subject on the wire is one of the stream's owner.
    pub(super) fn is_of(&self, stream: Stream, wire: &str) -> bool {
        wire.starts_with(&format!("{}.{}.", self.options.prefix, stream.aggregate()))
    }

    /// All subjects of a stream, those of later releases included.
    pub(super) fn subjects(&self, stream: Stream) -> String {
        format!("{}.{}.*", self.options.prefix, stream.aggregate())
    }

    /// The name of a stream on the server.
    pub(super) fn stream_name(&self, stream: Stream) -> String {
        format!("{}-{}", self.options.prefix, stream.name())
    }

    /// Whether this process creates and updates the stream.
    pub(super) fn owns(&self, stream: Stream) -> bool {
        let name = &self.options.name;
        name == ALL_SERVICES || stream.service() == name
    }

    /// The reason why a stream with this configuration may contain events that its owner did not publish, or copy its
    /// own into another stream.
    pub(super) fn distrust(&self, stream: Stream, config: &stream::Config) -> Option<&'static str> {
        let is_foreign = |subject: &String| !self.is_of(stream, subject);
        let faults = [
            (
                config.subjects.is_empty() || config.subjects.iter().any(is_foreign),
                "subjects of another owner",
            ),
            (config.sources.iter().flatten().next().is_some(), "`sources`"),
            (config.mirror.is_some(), "`mirror`"),
            (config.republish.is_some(), "`republish`"),
            (config.subject_transform.is_some(), "`subject_transform`"),
        ];
        faults.into_iter().find_map(|(is_fault, name)| is_fault.then_some(name))
    }

    /// The configuration of a stream.
    pub(super) fn stream(&self, stream: Stream) -> stream::Config {
        stream::Config {
            name: self.stream_name(stream),
            description: Some(format!("What {} announces", stream.name())),
            subjects: vec![self.subjects(stream)],
            storage: StorageType::File,
            num_replicas: self.options.num_replicas,
            retention: RetentionPolicy::Limits,
            max_bytes: self.options.max_stream_bytes,
            discard: DiscardPolicy::New,
            max_age: MAX_AGE,
            duplicate_window: DUPLICATE_WINDOW,
            ..stream::Config::default()
        }
    }

    /// The configuration of a service's durable consumer on a stream. A new one starts with all stored events, so
    /// services may start in any order. `max_deliver` is unlimited: the server would drop an event silently, where the
    /// consumer loop keeps a dead letter.
    ///
    /// The filter is only ever widened: a process of the former release must not narrow that of the next one.
    pub(super) fn consumer(
        &self,
        consumer: &str,
        stream: Stream,
        filter_subjects: BTreeSet<String>,
    ) -> pull::Config {
        pull::Config {
            durable_name: Some(consumer.to_owned()),
            description: Some(format!("What {consumer} hears of {}", stream.name())),
            filter_subjects: filter_subjects.into_iter().collect(),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.options.ack_wait,
            max_deliver: -1,
            max_ack_pending: MAX_ACK_PENDING,
            ..pull::Config::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_belongs_to_its_stream() {
        for subject in Subject::ALL {
            assert!(subject.as_str().starts_with(Stream::of(*subject).aggregate()), "{subject}");
        }
    }

    #[test]
    fn a_service_owns_its_stream_and_a_process_of_all_services_owns_all() {
        let owned = |name: &str| {
            let options = Options { name: name.to_owned(), ..Options::default() };
            let settings = Settings::new(options).expect("valid");
            Stream::ALL.into_iter().filter(|stream| settings.owns(*stream)).collect::<Vec<_>>()
        };
        assert_eq!(owned("orders"), [Stream::Orders]);
        assert_eq!(owned("auth"), [Stream::Auth, Stream::Accounts]);
        assert_eq!(owned("notifications"), []);
        assert_eq!(owned("ticketing"), Stream::ALL);
    }

    #[test]
    fn a_prefix_that_would_break_a_streams_name_is_refused() {
        for prefix in ["", "a.b", "a b", "a*", ">"] {
            let options = Options { prefix: prefix.to_owned(), ..Options::default() };
            assert!(Settings::new(options).is_err(), "{prefix:?}");
        }
    }
}
