//! How orders and ticket replicas are stored.

use common::TicketId;
use store::{Document, Index, Keys, UniqueKey};
use uuid::Uuid;

use crate::domain::{Order, Ticket};

/// Index: a buyer's orders by the time they were placed.
pub(crate) const BY_BUYER: &str = "by-buyer";

/// The claim that decides who gets a ticket.
const TICKET: &str = "ticket";

/// What the order that keeps this ticket claims.
pub(crate) fn ticket_key(ticket: TicketId) -> UniqueKey {
    UniqueKey::new(TICKET, ticket)
}

impl Document for Order {
    const COLLECTION: &'static str = "orders";
    const INDEXES: &'static [Index] = &[Index::one(BY_BUYER)];
    const UNIQUE_KEYS: &'static [&'static str] = &[TICKET];

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn keys(&self) -> Keys {
        let keys = Keys::none().ordered(BY_BUYER, [self.user_id.into(), self.created_at.into()]);
        if self.keeps_ticket() { keys.unique(ticket_key(self.ticket.id)) } else { keys }
    }
}

impl Document for Ticket {
    const COLLECTION: &'static str = "tickets";

    fn id(&self) -> Uuid {
        self.id.into()
    }

    fn version(&self) -> u64 {
        self.version
    }
}
