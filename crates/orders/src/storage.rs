//! Storage of orders, ticket replicas and closed accounts: collections, indexes and unique keys.

use common::TicketId;
use store::{Document, Index, Keys, UniqueKey, Verifier};
use uuid::Uuid;

use crate::domain::{Closing, Order, TicketReplica};

/// The collections of this service.
pub const DOCUMENTS: &[Verifier] =
    &[Verifier::of::<Order>(), Verifier::of::<TicketReplica>(), Verifier::of::<Closing>()];

/// The indexes of orders.
pub(crate) mod index {
    /// A buyer's orders by the time they were placed.
    pub(crate) const BY_BUYER: &str = "by-buyer";
    /// Orders that await an event, and replicas of locked tickets, by the time when it is overdue.
    pub(crate) const BY_OVERDUE: &str = "overdue";
    /// Replicas of a seller's tickets.
    pub(crate) const BY_SELLER: &str = "by-seller";
    /// Open orders with a payment in progress. Only the former release reads this index, to expire them: the next release
    /// no longer writes it.
    pub(crate) const BY_LAST_POLL: &str = "last-poll";
}

/// The name of [`ticket_key`].
const TICKET: &str = "ticket";

/// The unique key of the order that keeps a ticket: decides which buyer gets it.
pub(crate) fn ticket_key(ticket: TicketId) -> UniqueKey {
    UniqueKey::new(TICKET, ticket)
}

impl Document for Order {
    const COLLECTION: &'static str = "orders";
    const IS_REMEMBERED: bool = true;
    /// 2: the index of overdue documents. 3: venue and start of the ticket.
    const FORMAT: u32 = 3;
    const INDEXES: &'static [Index] =
        &[Index::one(index::BY_BUYER), Index::one(index::BY_OVERDUE), Index::one(index::BY_LAST_POLL)];
    const UNIQUE_KEYS: &'static [&'static str] = &[TICKET];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let mut keys = Keys::none().ordered(index::BY_BUYER, [self.user_id.into(), self.created_at.into()]);
        if let Some(due) = self.overdue_at() {
            keys = keys.ordered(index::BY_OVERDUE, [due.into()]);
        }
        if let Some(end) = self.last_poll_until() {
            keys = keys.ordered(index::BY_LAST_POLL, [end.into()]);
        }
        if self.keeps_ticket() { keys.unique(ticket_key(self.ticket.id)) } else { keys }
    }
}

impl Document for TicketReplica {
    const COLLECTION: &'static str = "tickets";
    const IS_REMEMBERED: bool = true;
    /// 2: the index of overdue documents. 3: venue and start. 4: the index of sellers.
    const FORMAT: u32 = 4;
    const INDEXES: &'static [Index] = &[Index::one(index::BY_OVERDUE), Index::one(index::BY_SELLER)];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let keys = Keys::none().ordered(index::BY_SELLER, [self.seller_id.into()]);
        match self.overdue_at() {
            Some(due) => keys.ordered(index::BY_OVERDUE, [due.into()]),
            None => keys,
        }
    }
}

impl Document for Closing {
    const COLLECTION: &'static str = "closings";

    fn id(&self) -> Uuid {
        self.user_id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }
}
