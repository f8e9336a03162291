//! The operations, and their sizes.

/// An operation of the public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `GET /api/tickets`
    Browse,
    /// `GET /api/tickets/{id}`
    Show,
    /// `POST /api/tickets`
    Sell,
    /// `POST /api/orders` of distinct tickets.
    Order,
    /// From `POST /api/orders` to the complete order, with the simulator in the process.
    Purchase,
    /// `POST /api/users/signin`
    SignIn,
}

impl Operation {
    pub(crate) const ALL: [Self; 6] =
        [Self::Browse, Self::Show, Self::Sell, Self::Order, Self::Purchase, Self::SignIn];

    /// The name in the figures.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Browse => "browse",
            Self::Show => "show",
            Self::Sell => "sell",
            Self::Order => "order",
            Self::Purchase => "purchase",
            Self::SignIn => "sign-in",
        }
    }

    /// The bound beside it.
    pub(crate) const fn bound(self) -> &'static str {
        match self {
            Self::Browse | Self::Show => "a bare axum handler with the same bytes",
            Self::Sell | Self::Order => "SQLite, one durable transaction each",
            Self::Purchase => "SQLite, as many durable transactions as a purchase has",
            Self::SignIn => "bare argon2id on every core",
        }
    }

    /// Operations in a round.
    pub(crate) const fn count(self) -> usize {
        match self {
            Self::Browse | Self::Show => 20_000,
            Self::Sell | Self::Order => 1_000,
            Self::Purchase => 150,
            Self::SignIn => 80,
        }
    }

    /// Operations at a time.
    pub(crate) const fn concurrency(self) -> usize {
        match self {
            Self::Browse | Self::Show => 32,
            Self::Sell | Self::Order => 16,
            Self::Purchase | Self::SignIn => 8,
        }
    }
}
