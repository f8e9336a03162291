//! Storage of tickets and tombstones: collections and indexes.

use common::UserId;
use common::event::TicketStatus;
use store::{Document, Index, Keys, Part, Range, Verifier};
use uuid::Uuid;

use crate::domain::{OrderTombstone, Status, Ticket};

/// The collections of this service.
pub const DOCUMENTS: &[Verifier] = &[Verifier::of::<Ticket>(), Verifier::of::<OrderTombstone>()];

/// The indexes of tickets.
pub(crate) mod index {
    /// Tickets of one status by the time they were listed.
    pub(crate) const BY_STATUS: &str = "status";
    /// Tickets on the market, of one status, by currency and amount.
    pub(crate) const BY_PRICE: &str = "price";
    /// Tickets on the market, of one status, by their start; those without one come last.
    pub(crate) const BY_START: &str = "start";
    /// A seller's tickets by the time they were listed.
    pub(crate) const BY_SELLER: &str = "selling";
    /// The tickets locked for a buyer by the time they were listed.
    pub(crate) const BY_HOLDER: &str = "holding";
    /// The tickets that a buyer bought by the time they were listed.
    pub(crate) const BY_BUYER: &str = "bought";
    /// Tickets by the time when they are published again.
    pub(crate) const BY_OVERDUE: &str = "overdue";
}

impl Document for Ticket {
    const COLLECTION: &'static str = "tickets";
    const IS_REMEMBERED: bool = true;
    /// 2: the index of overdue documents.
    const FORMAT: u32 = 2;
    const INDEXES: &'static [Index] = &[
        Index::one(index::BY_STATUS),
        Index::one(index::BY_PRICE),
        Index::one(index::BY_START),
        Index::one(index::BY_SELLER),
        Index::one(index::BY_HOLDER),
        Index::one(index::BY_BUYER),
        Index::one(index::BY_OVERDUE),
    ];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let listed = self.created_at;
        let status = || Part::from(status_name(self.status.kind()));
        let keys = Keys::none()
            .ordered(index::BY_STATUS, [status(), listed.into()])
            .ordered(index::BY_SELLER, [self.seller.into(), listed.into()]);
        let keys = match self.status {
            Status::Available | Status::Reserved { .. } => {
                let price = self.offer.price.money();
                let start = self.offer.starts_at.map_or(Part::Int(i64::MAX), Part::from);
                keys.ordered(index::BY_PRICE, [status(), price.currency.code().into(), price.amount.into()])
                    .ordered(index::BY_START, [status(), start])
            }
            Status::Sold { .. } | Status::Withdrawn => keys,
        };
        let keys = match self.overdue_at() {
            Some(due) => keys.ordered(index::BY_OVERDUE, [due.into()]),
            None => keys,
        };
        match self.status {
            Status::Reserved { holder, .. } => keys.ordered(index::BY_HOLDER, [holder.into(), listed.into()]),
            Status::Sold { buyer, .. } => keys.ordered(index::BY_BUYER, [buyer.into(), listed.into()]),
            Status::Available | Status::Withdrawn => keys,
        }
    }
}

impl Document for OrderTombstone {
    const COLLECTION: &'static str = "closed-orders";
    /// 2: the version, since a refusal may be published again.
    const FORMAT: u32 = 2;

    fn id(&self) -> Uuid {
        self.order.into()
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// A user's relation to a ticket.
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
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Selling, Self::Holding, Self::Bought].into_iter().find(|role| role.as_str() == name)
    }

    /// The name, which is also that of the index.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Selling => index::BY_SELLER,
            Self::Holding => index::BY_HOLDER,
            Self::Bought => index::BY_BUYER,
        }
    }

    /// The tickets of this user in this role, newest first.
    pub(crate) fn tickets_of(self, user: UserId) -> Range {
        Range::of(self.as_str(), [user.into()]).descending()
    }
}

/// The name under which a status is indexed and queried.
pub(crate) const fn status_name(status: TicketStatus) -> &'static str {
    match status {
        TicketStatus::Available => "available",
        TicketStatus::Reserved => "reserved",
        TicketStatus::Sold => "sold",
        TicketStatus::Withdrawn => "withdrawn",
    }
}
