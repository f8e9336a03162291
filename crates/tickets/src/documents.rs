//! How the aggregates are stored and found.

use common::UserId;
use common::event::TicketStatus;
use store::{Document, Index, Keys, Part, Range};
use uuid::Uuid;

use crate::domain::{ClosedOrder, Status, Ticket};

/// Tickets of one status by the time they were listed.
pub(crate) const BY_STATUS: &str = "status";
/// Tickets on the market, of one status, by currency and amount.
pub(crate) const BY_PRICE: &str = "price";
/// Tickets on the market, of one status, by the time they begin; those that do not say when come last.
pub(crate) const BY_START: &str = "start";

impl Document for Ticket {
    const COLLECTION: &'static str = "tickets";
    const INDEXES: &'static [Index] = &[
        Index::one(BY_STATUS),
        Index::one(BY_PRICE),
        Index::one(BY_START),
        Index::one(Role::Selling.index()),
        Index::one(Role::Holding.index()),
        Index::one(Role::Bought.index()),
    ];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let listed = self.created_at;
        let status = || Part::from(word(self.status.kind()));
        let keys = Keys::none()
            .ordered(BY_STATUS, [status(), listed.into()])
            .ordered(Role::Selling.index(), [self.seller.into(), listed.into()]);
        let keys = match self.status {
            Status::Available | Status::Reserved { .. } => {
                let price = self.offer.price.money();
                let start = self.offer.starts_at.map_or(Part::Int(i64::MAX), Part::from);
                keys.ordered(BY_PRICE, [status(), price.currency.code().into(), price.amount.into()])
                    .ordered(BY_START, [status(), start])
            }
            Status::Sold { .. } | Status::Withdrawn => keys,
        };
        match self.status {
            Status::Reserved { holder, .. } => {
                keys.ordered(Role::Holding.index(), [holder.into(), listed.into()])
            }
            Status::Sold { buyer, .. } => keys.ordered(Role::Bought.index(), [buyer.into(), listed.into()]),
            Status::Available | Status::Withdrawn => keys,
        }
    }
}

impl Document for ClosedOrder {
    const COLLECTION: &'static str = "closed-orders";

    fn id(&self) -> Uuid {
        self.order.into()
    }

    /// It never changes.
    fn version(&self) -> u64 {
        1
    }
}

/// What a person has to do with a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// They sell or sold it.
    Selling,
    /// An order of theirs has it locked.
    Holding,
    /// They bought it.
    Bought,
}

impl Role {
    /// The role of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Selling, Self::Holding, Self::Bought].into_iter().find(|role| role.index() == name)
    }

    /// Its name, which is also that of its index.
    pub(crate) const fn index(self) -> &'static str {
        match self {
            Self::Selling => "selling",
            Self::Holding => "holding",
            Self::Bought => "bought",
        }
    }

    /// The tickets to which this person stands so, newest first.
    pub(crate) fn tickets_of(self, person: UserId) -> Range {
        Range::of(self.index(), [person.into()]).descending()
    }
}

/// The word under which a status is indexed and asked for.
pub(crate) const fn word(status: TicketStatus) -> &'static str {
    match status {
        TicketStatus::Available => "available",
        TicketStatus::Reserved => "reserved",
        TicketStatus::Sold => "sold",
        TicketStatus::Withdrawn => "withdrawn",
    }
}
