//! The replica of a ticket, kept by the events of tickets.

use std::time::Duration;

use common::event::{TicketSnapshot, TicketStatus, Word};
use common::{Decision, Intervals, Money, OrderId, TicketId, Time, UserId};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// Between publications of a complete order whose ticket is not sold as far as orders knows. Tickets first publishes a lock
/// past its deadline by itself.
const INTERVALS: Intervals =
    Intervals { first: Duration::from_mins(1), factor: 4, max: Duration::from_hours(24) };

/// A copy of a ticket in orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TicketReplica {
    /// The ticket's id.
    pub id: TicketId,
    /// The ticket's title.
    pub title: String,
    /// The venue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub venue: Option<String>,
    /// The start of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Time>,
    /// The price asked.
    pub price: Money,
    /// The seller.
    pub seller_id: UserId,
    /// The ticket's status.
    pub status: Word<TicketStatus>,
    /// The order that holds or bought the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The end of the hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved_until: Option<Time>,
    /// How often the order was published again because the end of the lock is overdue.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    pub asked: u32,
    /// The version of the ticket that is copied here.
    pub as_of: u64,
    /// The replica's own version.
    pub version: u64,
}

impl TicketReplica {
    /// Takes over a snapshot that is newer than the replica. Versions may be skipped: every event carries the whole
    /// state. Returns `None` for an outdated snapshot.
    pub fn apply(replica: Option<&Self>, ticket: &TicketSnapshot) -> Option<Decision<Self>> {
        if replica.is_some_and(|replica| replica.as_of >= ticket.version) {
            return None;
        }
        Some(Decision::without_event(Self {
            id: ticket.id,
            title: ticket.title.clone(),
            venue: ticket.venue.clone(),
            starts_at: ticket.starts_at,
            price: ticket.price,
            seller_id: ticket.seller_id,
            status: ticket.status.clone(),
            order_id: ticket.order_id,
            reserved_until: ticket.reserved_until,
            asked: 0,
            as_of: ticket.version,
            version: replica.map_or(1, |replica| replica.version + 1),
        }))
    }

    /// Checks whether this buyer may order the ticket. A lock does not count: it may be about to end, and the unique
    /// key decides who gets the ticket. A status of a newer release may mean anything, so such a ticket is not for sale.
    ///
    /// # Errors
    /// The ticket is the buyer's own, sold or withdrawn.
    pub fn check_buyer(&self, buyer: UserId) -> Result<(), Refusal> {
        if self.seller_id == buyer {
            return Err(Refusal::OwnTicket);
        }
        match self.status.known() {
            Some(TicketStatus::Sold) => Err(Refusal::TicketSold),
            Some(TicketStatus::Withdrawn) | None => Err(Refusal::TicketWithdrawn),
            Some(TicketStatus::Available | TicketStatus::Reserved) => Ok(()),
        }
    }

    /// When the event that ends the lock is overdue.
    pub fn overdue_at(&self) -> Option<Time> {
        let until = self.reserved_until.filter(|_| self.status == TicketStatus::Reserved)?;
        Some(INTERVALS.due(until, self.asked))
    }

    /// The replica after tickets was asked.
    #[must_use]
    pub fn asked(&self, now: Time) -> Decision<Self> {
        let until = self.reserved_until.unwrap_or(now);
        let asked = INTERVALS.repeated(until, self.asked, now);
        Decision::without_event(Self { asked, version: self.version + 1, ..self.clone() })
    }

    /// The order that the ticket is locked for, if it is locked.
    pub fn locked_for(&self) -> Option<OrderId> {
        self.order_id.filter(|_| self.status == TicketStatus::Reserved)
    }
}
