//! The streams of events: one for each aggregate, which one service publishes.

use common::event::Subject;

/// The bytes of each stream unless configured: six of them fit a store of 4 GB even if two replicas create one at once.
pub const DEFAULT_STREAM_BYTES: i64 = 512 << 20;

/// The stream of one aggregate. A stream never gets a further aggregate: processes of former releases do not consume a stream
/// with subjects that they do not know as its owner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stream {
    Auth,
    Accounts,
    Tickets,
    Orders,
    Expiration,
    Payments,
}

impl Stream {
    pub(crate) const ALL: [Self; 6] =
        [Self::Auth, Self::Accounts, Self::Tickets, Self::Orders, Self::Expiration, Self::Payments];

    /// The stream of this subject: that of its aggregate, as on the server.
    pub(crate) fn of(subject: Subject) -> Self {
        let aggregate = subject.as_str().split_once('.').map_or("", |(aggregate, _)| aggregate);
        let owner = Self::ALL.into_iter().find(|stream| stream.aggregate() == aggregate);
        owner.expect("every aggregate has an owner, as a test checks")
    }

    /// The publishing service.
    pub(crate) const fn service(self) -> &'static str {
        match self {
            Self::Accounts => "auth",
            stream => stream.name(),
        }
    }

    /// The name, also in metrics: the publishing service's for its first stream.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Accounts => "accounts",
            Self::Tickets => "tickets",
            Self::Orders => "orders",
            Self::Expiration => "expiration",
            Self::Payments => "payments",
        }
    }

    /// The first part of the stream's subjects.
    pub(crate) const fn aggregate(self) -> &'static str {
        match self {
            Self::Auth => "session",
            Self::Accounts => "account",
            Self::Tickets => "ticket",
            Self::Orders => "order",
            Self::Expiration => "expiration",
            Self::Payments => "payment",
        }
    }
}
