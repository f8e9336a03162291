//! The ticket and what can be done with it.

use common::event::{OrderSnapshot, RefusalReason, TicketSnapshot, TicketStatus};
use common::{Decision, Event, OrderId, TicketId, Time, UserId};
use serde::{Deserialize, Serialize};

use super::{Aftermath, Description, Offer, Venue};

/// A ticket on offer. Price and lock live in this one aggregate, so the price shown is the price charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its name.
    pub id: TicketId,
    /// Who sells it.
    pub seller: UserId,
    /// What is offered, and at what price.
    pub offer: Offer,
    /// Its state.
    pub status: Status,
    /// Its revision; 1 when it is listed.
    pub version: u64,
    /// When it was listed.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A ticket's state, with what only that state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Status {
    /// For sale.
    Available,
    /// Locked for one order: nobody else can buy it, and its seller cannot change it.
    Reserved {
        /// The order.
        order: OrderId,
        /// Whose order it is.
        holder: UserId,
        /// When that order runs out. Only the order's own end unlocks the ticket.
        until: Time,
    },
    /// Bought.
    Sold {
        /// The order that bought it.
        order: OrderId,
        /// Whose it is now.
        buyer: UserId,
        /// What became of the money since.
        #[serde(default)]
        aftermath: Aftermath,
    },
    /// Taken back by its seller.
    Withdrawn,
}

/// Why a person's command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What is offered has begun already.
    #[error("must be in the future")]
    Late,
    /// Only its seller may do that.
    #[error("This ticket is somebody else's.")]
    NotYours,
    /// It is locked for an order.
    #[error("Somebody is buying this ticket right now; wait until they have paid or given up.")]
    Reserved,
    /// It is bought.
    #[error("This ticket is sold; it cannot be changed any more.")]
    Sold,
    /// It was taken back.
    #[error("This ticket was withdrawn; list it anew to sell it.")]
    Withdrawn,
}

/// Why a ticket was not locked for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Another order holds it. Only one order at a time can claim a ticket, so that other one is over by now and the
    /// news of it is on its way: worth waiting for.
    Held,
    /// For good.
    Refused(RefusalReason),
}

impl Ticket {
    /// Puts a ticket on sale: `ticket.created`.
    ///
    /// # Errors
    /// [`Refusal::Late`].
    pub fn list(id: TicketId, seller: UserId, offer: Offer, now: Time) -> Result<Decision<Self>, Refusal> {
        offer.check_start(None, now)?;
        let status = Status::Available;
        let ticket = Self { id, seller, offer, status, version: 1, created_at: now, updated_at: now };
        Ok(announce(ticket, Event::TicketCreated))
    }

    /// Offers something else, or at another price: `ticket.updated`. `Ok(None)`: that is what is offered already.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn edit(&self, by: UserId, offer: Offer, now: Time) -> Result<Option<Decision<Self>>, Refusal> {
        offer.check_start(self.offer.starts_at, now)?;
        self.must_belong_to(by)?;
        match self.status {
            Status::Available if offer == self.offer => Ok(None),
            Status::Available => {
                Ok(Some(announce(Self { offer, ..self.successor(now) }, Event::TicketUpdated)))
            }
            Status::Reserved { .. } => Err(Refusal::Reserved),
            Status::Sold { .. } => Err(Refusal::Sold),
            Status::Withdrawn => Err(Refusal::Withdrawn),
        }
    }

    /// Takes it off the market for good: `ticket.withdrawn`. `Ok(None)`: it was withdrawn already.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn withdraw(&self, by: UserId, now: Time) -> Result<Option<Decision<Self>>, Refusal> {
        self.must_belong_to(by)?;
        match self.status {
            Status::Available => Ok(Some(self.becoming(Status::Withdrawn, now, Event::TicketWithdrawn))),
            Status::Reserved { .. } => Err(Refusal::Reserved),
            Status::Sold { .. } => Err(Refusal::Sold),
            Status::Withdrawn => Ok(None),
        }
    }

    /// Locks it for an order, if it is free at the very price that the buyer saw: `ticket.reserved`. `Ok(None)`: that
    /// order has it already.
    ///
    /// # Errors
    /// [`Obstacle`].
    pub fn reserve(&self, order: &OrderSnapshot, now: Time) -> Result<Option<Decision<Self>>, Obstacle> {
        if self.order() == Some(order.id) {
            return Ok(None);
        }
        if self.seller == order.user_id {
            return Err(Obstacle::Refused(RefusalReason::TicketUnavailable));
        }
        match self.status {
            Status::Available if self.offer.price.money() == order.ticket.price => {
                let lock =
                    Status::Reserved { order: order.id, holder: order.user_id, until: order.expires_at };
                Ok(Some(self.becoming(lock, now, Event::TicketReserved)))
            }
            Status::Available => Err(Obstacle::Refused(RefusalReason::PriceChanged)),
            Status::Reserved { .. } => Err(Obstacle::Held),
            Status::Sold { .. } | Status::Withdrawn => {
                Err(Obstacle::Refused(RefusalReason::TicketUnavailable))
            }
        }
    }

    /// The order gives it up: `ticket.released`. `None`: that order does not hold it.
    pub fn release(&self, by: OrderId, now: Time) -> Option<Decision<Self>> {
        match self.status {
            Status::Reserved { order, .. } if order == by => {
                Some(self.becoming(Status::Available, now, Event::TicketReleased))
            }
            _ => None,
        }
    }

    /// The order is paid: `ticket.sold`. `None`: that order does not hold it, or has bought it already.
    pub fn sell(&self, to: OrderId, now: Time) -> Option<Decision<Self>> {
        match self.status {
            Status::Reserved { order, holder, .. } if order == to => {
                let sold = Status::Sold { order, buyer: holder, aftermath: Aftermath::default() };
                Some(self.becoming(sold, now, Event::TicketSold))
            }
            _ => None,
        }
    }

    /// Only its seller may change a ticket.
    ///
    /// # Errors
    /// [`Refusal::NotYours`].
    pub fn must_belong_to(&self, person: UserId) -> Result<(), Refusal> {
        if self.seller == person { Ok(()) } else { Err(Refusal::NotYours) }
    }

    /// The order that holds or bought it.
    pub fn order(&self) -> Option<OrderId> {
        match self.status {
            Status::Reserved { order, .. } | Status::Sold { order, .. } => Some(order),
            Status::Available | Status::Withdrawn => None,
        }
    }

    /// Until when it is locked.
    pub fn reserved_until(&self) -> Option<Time> {
        match self.status {
            Status::Reserved { until, .. } => Some(until),
            Status::Available | Status::Sold { .. } | Status::Withdrawn => None,
        }
    }

    /// The state that other services are told.
    pub fn snapshot(&self) -> TicketSnapshot {
        TicketSnapshot {
            id: self.id,
            title: self.offer.title.as_str().to_owned(),
            venue: self.offer.venue.as_ref().map(Venue::as_str).map(str::to_owned),
            starts_at: self.offer.starts_at,
            description: self.offer.description.as_ref().map(Description::as_str).map(str::to_owned),
            price: self.offer.price.money(),
            seller_id: self.seller,
            status: self.status.kind(),
            order_id: self.order(),
            reserved_until: self.reserved_until(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }

    pub(super) fn becoming(
        &self,
        status: Status,
        now: Time,
        event: fn(TicketSnapshot) -> Event,
    ) -> Decision<Self> {
        announce(Self { status, ..self.successor(now) }, event)
    }

    /// The same ticket one revision later.
    fn successor(&self, now: Time) -> Self {
        Self { version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

impl Status {
    /// The state without what belongs to it.
    pub const fn kind(self) -> TicketStatus {
        match self {
            Self::Available => TicketStatus::Available,
            Self::Reserved { .. } => TicketStatus::Reserved,
            Self::Sold { .. } => TicketStatus::Sold,
            Self::Withdrawn => TicketStatus::Withdrawn,
        }
    }
}

/// A change of a ticket, announced with its whole state.
fn announce(ticket: Ticket, event: fn(TicketSnapshot) -> Event) -> Decision<Ticket> {
    let event = event(ticket.snapshot());
    Decision::with_event(ticket, event)
}
