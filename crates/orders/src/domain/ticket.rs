//! What orders knows of a ticket: a replica, fed by the events of tickets.

use common::event::{TicketSnapshot, TicketStatus};
use common::{Decision, Money, OrderId, TicketId, UserId};
use serde::{Deserialize, Serialize};

use super::Refusal;

/// A ticket as tickets last told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// The ticket.
    pub id: TicketId,
    /// What it is for.
    pub title: String,
    /// What it costs.
    pub price: Money,
    /// Who sells it.
    pub seller_id: UserId,
    /// Its state.
    pub status: TicketStatus,
    /// The order that holds or bought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The ticket's own version that this shows: what is older is not news.
    pub as_of: u64,
    /// The replica's revision.
    pub version: u64,
}

impl Ticket {
    /// Takes over what tickets tells, if it is newer than what is known. A version that was missed needs no
    /// catching up: every event carries the whole state.
    pub fn learn(known: Option<&Self>, told: &TicketSnapshot) -> Option<Decision<Self>> {
        if known.is_some_and(|known| known.as_of >= told.version) {
            return None;
        }
        Some(Decision::without_event(Self {
            id: told.id,
            title: told.title.clone(),
            price: told.price,
            seller_id: told.seller_id,
            status: told.status,
            order_id: told.order_id,
            as_of: told.version,
            version: known.map_or(1, |known| known.version + 1),
        }))
    }

    /// Whether this person may try to buy it. A lock is no obstacle here: it may be on its way out, and the claim
    /// decides who gets the ticket.
    ///
    /// # Errors
    /// It is their own, sold or withdrawn.
    pub fn may_be_ordered_by(&self, buyer: UserId) -> Result<(), Refusal> {
        if self.seller_id == buyer {
            return Err(Refusal::OwnTicket);
        }
        match self.status {
            TicketStatus::Sold => Err(Refusal::TicketSold),
            TicketStatus::Withdrawn => Err(Refusal::TicketWithdrawn),
            TicketStatus::Available | TicketStatus::Reserved => Ok(()),
        }
    }

    /// The order that it is locked for, if it is locked.
    pub fn locked_for(&self) -> Option<OrderId> {
        self.order_id.filter(|_| self.status == TicketStatus::Reserved)
    }
}
