//! The streams and the durable consumers as every service creates them: what they are called and how they behave.

use std::collections::BTreeSet;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::stream::{self, DiscardPolicy, RetentionPolicy, StorageType};
use common::event::Subject;

use super::{ConnectError, Options};

/// How long a stream keeps an event, heard or not: longer than anybody leaves a service down.
const KEPT_FOR: Duration = Duration::from_hours(14 * 24);

/// For how long the server recognises an event that is published again. Sweeps of the outbox (every 30 seconds) and
/// retries fall well within; what comes later is delivered twice, which consumers do not mind.
const RECOGNISED_FOR: Duration = Duration::from_mins(2);

/// How many deliveries of one consumer may be unanswered at the same time, over all its processes: enough for eight
/// that are full.
const MOST_UNANSWERED: i64 = 8 * (MOST_HELD as i64);

/// How many deliveries from one stream one process holds, which is also how many it asks for at once: enough to keep
/// all lanes of a consumer loop busy, few enough that a process that dies does not keep many from the others.
pub(super) const MOST_HELD: u16 = 512;

/// A service that announces events. It has a stream of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Auth,
    Tickets,
    Orders,
    Expiration,
    Payments,
}

impl Owner {
    pub(super) const ALL: [Self; 5] =
        [Self::Auth, Self::Tickets, Self::Orders, Self::Expiration, Self::Payments];

    /// Who announces events of this kind.
    pub(super) const fn of(subject: Subject) -> Self {
        match subject {
            Subject::SessionRevoked => Self::Auth,
            Subject::TicketCreated
            | Subject::TicketUpdated
            | Subject::TicketReserved
            | Subject::TicketReleased
            | Subject::TicketSold
            | Subject::TicketWithdrawn
            | Subject::TicketReservationRefused => Self::Tickets,
            Subject::OrderCreated
            | Subject::OrderAwaitingPayment
            | Subject::OrderPaymentAccepted
            | Subject::OrderCompleted
            | Subject::OrderCancelled => Self::Orders,
            Subject::ExpirationCompleted => Self::Expiration,
            Subject::PaymentAuthorized
            | Subject::PaymentCaptured
            | Subject::PaymentFailed
            | Subject::PaymentVoided
            | Subject::PaymentRefunded
            | Subject::PaymentDisputed => Self::Payments,
        }
    }

    /// Everybody who announces one of these, once.
    pub(super) fn of_each(subjects: &[Subject]) -> BTreeSet<Self> {
        subjects.iter().copied().map(Self::of).collect()
    }

    /// The service's name, as metrics call its stream.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Tickets => "tickets",
            Self::Orders => "orders",
            Self::Expiration => "expiration",
            Self::Payments => "payments",
        }
    }

    /// What its subjects begin with.
    const fn aggregate(self) -> &'static str {
        match self {
            Self::Auth => "session",
            Self::Tickets => "ticket",
            Self::Orders => "order",
            Self::Expiration => "expiration",
            Self::Payments => "payment",
        }
    }
}

/// The options, and everything that follows from them.
pub(super) struct Settings {
    pub(super) options: Options,
}

impl Settings {
    /// # Errors
    /// The prefix cannot be part of a stream's name.
    pub(super) fn new(options: Options) -> Result<Self, ConnectError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if options.prefix.is_empty() || !options.prefix.chars().all(fits) {
            return Err(ConnectError::Prefix(options.prefix));
        }
        Ok(Self { options })
    }

    /// The subject on the wire.
    pub(super) fn subject(&self, subject: Subject) -> String {
        format!("{}.{subject}", self.options.prefix)
    }

    /// All subjects of an owner, those of later releases too.
    pub(super) fn subjects(&self, owner: Owner) -> String {
        format!("{}.{}.*", self.options.prefix, owner.aggregate())
    }

    /// The name of an owner's stream.
    pub(super) fn stream_name(&self, owner: Owner) -> String {
        format!("{}-{}", self.options.prefix, owner.name())
    }

    /// An owner's stream. It forgets by age alone: were it bounded by size, one service that is down could make it
    /// lose what another has not heard.
    pub(super) fn stream(&self, owner: Owner) -> stream::Config {
        stream::Config {
            name: self.stream_name(owner),
            description: Some(format!("What {} announces", owner.name())),
            subjects: vec![self.subjects(owner)],
            storage: StorageType::File,
            num_replicas: self.options.replicas,
            retention: RetentionPolicy::Limits,
            discard: DiscardPolicy::Old,
            max_age: KEPT_FOR,
            duplicate_window: RECOGNISED_FOR,
            ..stream::Config::default()
        }
    }

    /// A service's place in an owner's stream. A new one begins with everything that is kept, so that it does not
    /// matter who starts first. The server never gives up on an event by itself (`max_deliver`): it would do so
    /// silently, where the consumer loop keeps a dead letter.
    ///
    /// The subjects are those of the process that started last. A release that listens to more is therefore rolled out
    /// without restarting processes of the one before: they would take the new subjects off the list for a moment.
    pub(super) fn consumer(&self, consumer: &str, owner: Owner, subjects: &[Subject]) -> pull::Config {
        let own = subjects.iter().copied().filter(|subject| Owner::of(*subject) == owner);
        pull::Config {
            durable_name: Some(consumer.to_owned()),
            description: Some(format!("What {consumer} hears of {}", owner.name())),
            filter_subjects: own.map(|subject| self.subject(subject)).collect(),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: self.options.ack_wait,
            max_deliver: -1,
            max_ack_pending: MOST_UNANSWERED,
            ..pull::Config::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subject_lies_in_its_owners_stream() {
        for subject in Subject::ALL {
            let aggregate = subject.as_str().split_once('.').map(|(aggregate, _)| aggregate);
            assert_eq!(aggregate, Some(Owner::of(*subject).aggregate()), "{subject}");
        }
    }

    #[test]
    fn a_prefix_that_would_break_a_streams_name_is_refused() {
        for prefix in ["", "a.b", "a b", "a*", ">"] {
            let options = Options { prefix: prefix.to_owned(), ..Options::default() };
            assert!(Settings::new(options).is_err(), "{prefix:?}");
        }
    }
}
