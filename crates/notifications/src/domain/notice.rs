//! The things that buyer and seller are informed of by email.

use std::time::Duration;

use common::event::{CancelReason, OrderSnapshot};
use common::{Event, Money, Time};
use mail::Kind;
use serde::{Deserialize, Serialize};

/// How long a change of an order is worth an email. Older states are published again after faults, upgrades and restores.
/// Longer than the bus keeps events, so a consumer that was stopped meanwhile skips none.
pub const MAX_NEWS_AGE: Duration = Duration::from_hours(7 * 24);

/// A thing that one person is informed of, once for each order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// The buyer has the ticket.
    OrderComplete,
    /// The buyer did not pay in time.
    OrderExpired,
    /// The seller's ticket is sold.
    TicketSold,
    /// So much of the price was returned to the buyer.
    OrderRefunded(Money),
    /// So much of the price was returned; for the seller.
    SaleRefunded(Money),
}

/// A person of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The buyer.
    Buyer,
    /// The seller.
    Seller,
}

impl Party {
    /// The recipient of emails of this kind.
    pub const fn of(kind: &Kind) -> Self {
        match kind {
            Kind::TicketSold { .. } | Kind::SaleRefunded { .. } => Self::Seller,
            _ => Self::Buyer,
        }
    }
}

impl Notice {
    /// The notices that an event causes, unless they were caused before. Decides by the subject and not by the status, whose
    /// word may be of a newer release. Refunds and disputes publish the complete order again.
    pub fn of(event: &Event, now: Time) -> Vec<Self> {
        let is_news = event.order().is_some_and(|order| now - order.updated_at <= MAX_NEWS_AGE);
        match event {
            Event::OrderCompleted(order) if is_news => match order.refunded {
                Some(amount) if amount.amount > 0 => {
                    vec![Self::OrderRefunded(amount), Self::SaleRefunded(amount)]
                }
                None if order.dispute.is_none() => vec![Self::OrderComplete, Self::TicketSold],
                // A refund that failed, or a dispute.
                _ => Vec::new(),
            },
            Event::OrderCancelled(order) if is_news => match &order.cancel_reason {
                Some(reason) if *reason == CancelReason::Expired => vec![Self::OrderExpired],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// The email.
    pub fn kind(self, order: &OrderSnapshot) -> Kind {
        let (ticket, title) = (&order.ticket, order.ticket.title.clone());
        match self {
            Self::OrderComplete => Kind::OrderComplete {
                order: order.id,
                title,
                price: ticket.price,
                venue: ticket.venue.clone(),
                starts_at: ticket.starts_at,
            },
            Self::OrderExpired => Kind::OrderExpired { ticket: ticket.id, title },
            Self::TicketSold => Kind::TicketSold { title, price: ticket.price },
            Self::OrderRefunded(amount) => Kind::OrderRefunded { order: order.id, title, amount },
            Self::SaleRefunded(amount) => Kind::SaleRefunded { title, amount },
        }
    }
}
