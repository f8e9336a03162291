//! What becomes of the money after a sale. It changes nothing about whose the ticket is.

use common::event::{DisputeStatus, OrderSnapshot};
use common::{Decision, Event, Money, Time};
use serde::{Deserialize, Serialize};

use super::{Status, Ticket};

/// What became of the money after the sale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aftermath {
    /// How much of the price went back to the buyer, if any.
    pub refunded: Option<Money>,
    /// How far the buyer's dispute is, if there is one.
    pub dispute: Option<DisputeStatus>,
    /// The version of the order that told it: what is older is not news.
    pub as_of: u64,
}

impl Ticket {
    /// The order that bought it tells what became of its money: `ticket.sold` once more, so that whoever has a copy
    /// keeps step. `None`: that is known, or it was not that order.
    pub fn money_moved(&self, told: &OrderSnapshot, now: Time) -> Option<Decision<Self>> {
        let Status::Sold { order, buyer, aftermath: known } = self.status else { return None };
        let aftermath = Aftermath { refunded: told.refunded, dispute: told.dispute, as_of: told.version };
        let is_news = (aftermath.refunded, aftermath.dispute) != (known.refunded, known.dispute);
        if order != told.id || told.version <= known.as_of || !is_news {
            return None;
        }
        Some(self.becoming(Status::Sold { order, buyer, aftermath }, now, Event::TicketSold))
    }

    /// What became of the money after it was sold.
    pub fn aftermath(&self) -> Aftermath {
        match self.status {
            Status::Sold { aftermath, .. } => aftermath,
            _ => Aftermath::default(),
        }
    }
}
