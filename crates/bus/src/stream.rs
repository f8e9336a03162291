//! The streams of events: one for each publishing service.

use common::event::Subject;

/// The stream of one publishing service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stream {
    Auth,
    Tickets,
    Orders,
    Expiration,
    Payments,
}

impl Stream {
    pub(crate) const ALL: [Self; 5] =
        [Self::Auth, Self::Tickets, Self::Orders, Self::Expiration, Self::Payments];

    /// The stream of this subject: that of its aggregate, as on the server.
    pub(crate) fn of(subject: Subject) -> Self {
        let aggregate = subject.as_str().split_once('.').map_or("", |(aggregate, _)| aggregate);
        let owner = Self::ALL.into_iter().find(|stream| stream.aggregate() == aggregate);
        owner.expect("every aggregate has an owner, as a test checks")
    }

    /// The publishing service's name, also in metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
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
            Self::Tickets => "ticket",
            Self::Orders => "order",
            Self::Expiration => "expiration",
            Self::Payments => "payment",
        }
    }
}
