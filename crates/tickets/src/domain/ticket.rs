//! A ticket: who may have it, and at what price.

use common::event::{DisputeStatus, OrderSnapshot, RefusalReason, TicketSnapshot, TicketStatus};
use common::{Decision, Event, Money, OrderId, TicketId, Time, UserId};
use serde::{Deserialize, Serialize};

use super::{Description, Offer, Refusal, ReserveError, Venue};

/// A ticket on offer. Price and lock live in this one aggregate, so the price shown is the price charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The ticket's id.
    pub id: TicketId,
    /// The seller.
    pub seller: UserId,
    /// Everything that the seller decides, the price included.
    pub offer: Offer,
    /// The state, with the order that holds or bought the ticket.
    pub status: Status,
    /// How often the present state was published again.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    pub republished: u32,
    /// The version, 1 when listed.
    pub version: u64,
    /// When the ticket was listed.
    pub created_at: Time,
    /// When the ticket last changed.
    pub updated_at: Time,
}

/// The state of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Status {
    /// For sale.
    Available,
    /// Locked for one order: no other buyer can have it, and its seller cannot change it.
    Reserved {
        /// The order.
        order: OrderId,
        /// The buyer of that order.
        holder: UserId,
        /// The deadline of that order. Only the order's own end unlocks the ticket.
        until: Time,
    },
    /// Bought.
    Sold {
        /// The order that bought it.
        order: OrderId,
        /// The new owner.
        buyer: UserId,
        /// Refunds and disputes since.
        #[serde(default, rename = "aftermath")]
        post_capture: PostCapture,
    },
    /// Withdrawn by its seller.
    Withdrawn,
}

/// Refunds and disputes after the sale. Neither changes who owns the ticket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostCapture {
    /// How much of the price was refunded, if any.
    pub refunded: Option<Money>,
    /// The state of the buyer's dispute, if there is one.
    pub dispute: Option<DisputeStatus>,
    /// The version of the order that is recorded here.
    pub as_of: u64,
}

impl Ticket {
    /// Puts a ticket on sale: `ticket.created`.
    ///
    /// # Errors
    /// [`Refusal::Late`].
    pub fn list(id: TicketId, seller: UserId, offer: Offer, now: Time) -> Result<Decision<Self>, Refusal> {
        offer.check_start(None, now)?;
        let status = Status::Available;
        let ticket =
            Self { id, seller, offer, status, republished: 0, version: 1, created_at: now, updated_at: now };
        Ok(with_snapshot(ticket, Event::TicketCreated))
    }

    /// Replaces the offer: `ticket.updated`. Returns `Ok(None)` if the offer is the same.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn edit(&self, by: UserId, offer: Offer, now: Time) -> Result<Option<Decision<Self>>, Refusal> {
        offer.check_start(self.offer.starts_at, now)?;
        self.check_seller(by)?;
        match self.status {
            Status::Available if offer == self.offer => Ok(None),
            Status::Available => {
                Ok(Some(with_snapshot(Self { offer, ..self.successor(now) }, Event::TicketUpdated)))
            }
            Status::Reserved { .. } => Err(Refusal::Reserved),
            Status::Sold { .. } => Err(Refusal::Sold),
            Status::Withdrawn => Err(Refusal::Withdrawn),
        }
    }

    /// Takes the ticket off the market for good: `ticket.withdrawn`. Returns `Ok(None)` if it was withdrawn before.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn withdraw(&self, by: UserId, now: Time) -> Result<Option<Decision<Self>>, Refusal> {
        self.check_seller(by)?;
        match self.status {
            Status::Available => Ok(Some(self.transition(Status::Withdrawn, now, Event::TicketWithdrawn))),
            Status::Reserved { .. } => Err(Refusal::Reserved),
            Status::Sold { .. } => Err(Refusal::Sold),
            Status::Withdrawn => Ok(None),
        }
    }

    /// Takes the ticket off the market and erases its texts, because the account of its seller was deleted:
    /// `ticket.withdrawn`. Returns `None` if it was erased before, or belongs to an order.
    pub fn erase(&self, now: Time) -> Option<Decision<Self>> {
        let is_listing = matches!(self.status, Status::Available | Status::Withdrawn);
        let offer = self.offer.erased();
        let is_due = is_listing && (self.status, &self.offer) != (Status::Withdrawn, &offer);
        is_due.then(|| {
            Self { offer, ..self.clone() }.transition(Status::Withdrawn, now, Event::TicketWithdrawn)
        })
    }

    /// Locks the ticket for an order, if it is free at the price that the buyer saw: `ticket.reserved`. Returns
    /// `Ok(None)` if the order has it already.
    ///
    /// # Errors
    /// [`ReserveError`].
    pub fn reserve(&self, order: &OrderSnapshot, now: Time) -> Result<Option<Decision<Self>>, ReserveError> {
        if self.order() == Some(order.id) {
            return Ok(None);
        }
        if self.seller == order.user_id {
            return Err(ReserveError::Refused(RefusalReason::TicketUnavailable));
        }
        match self.status {
            Status::Available if self.offer.price.money() == order.ticket.price => {
                let lock =
                    Status::Reserved { order: order.id, holder: order.user_id, until: order.expires_at };
                Ok(Some(self.transition(lock, now, Event::TicketReserved)))
            }
            Status::Available => Err(ReserveError::Refused(RefusalReason::PriceChanged)),
            Status::Reserved { .. } => Err(ReserveError::Held),
            Status::Sold { .. } | Status::Withdrawn => {
                Err(ReserveError::Refused(RefusalReason::TicketUnavailable))
            }
        }
    }

    /// Unlocks the ticket: `ticket.released`. Returns `None` if this order does not hold it.
    pub fn release(&self, by: OrderId, now: Time) -> Option<Decision<Self>> {
        match self.status {
            Status::Reserved { order, .. } if order == by => {
                Some(self.transition(Status::Available, now, Event::TicketReleased))
            }
            _ => None,
        }
    }

    /// Sells the ticket to a paid order: `ticket.sold`. Returns `None` if this order does not hold it, or has bought it
    /// already.
    pub fn sell(&self, to: OrderId, now: Time) -> Option<Decision<Self>> {
        match self.status {
            Status::Reserved { order, holder, .. } if order == to => {
                let sold = Status::Sold { order, buyer: holder, post_capture: PostCapture::default() };
                Some(self.transition(sold, now, Event::TicketSold))
            }
            _ => None,
        }
    }

    /// Records refunds and disputes of the order that bought the ticket: `ticket.sold` again, for the replicas. Returns
    /// `None` if they are known, or the order is another one.
    pub fn record_refund_or_dispute(&self, latest: &OrderSnapshot, now: Time) -> Option<Decision<Self>> {
        let Status::Sold { order, buyer, post_capture: known } = self.status else { return None };
        let dispute = latest.dispute.as_ref().map(DisputeStatus::of_word);
        let refunded = latest.refunded;
        let is_known =
            latest.version <= known.as_of || (refunded, dispute) == (known.refunded, known.dispute);
        if order != latest.id || is_known {
            return None;
        }
        let post_capture = PostCapture { refunded, dispute, as_of: latest.version };
        Some(self.transition(Status::Sold { order, buyer, post_capture }, now, Event::TicketSold))
    }

    /// Checks that this user sells the ticket.
    ///
    /// # Errors
    /// [`Refusal::NotYours`].
    pub fn check_seller(&self, user: UserId) -> Result<(), Refusal> {
        if self.seller == user { Ok(()) } else { Err(Refusal::NotYours) }
    }

    /// The order that holds or bought the ticket.
    pub fn order(&self) -> Option<OrderId> {
        match self.status {
            Status::Reserved { order, .. } | Status::Sold { order, .. } => Some(order),
            Status::Available | Status::Withdrawn => None,
        }
    }

    /// The deadline of the order that holds the ticket.
    pub fn reserved_until(&self) -> Option<Time> {
        match self.status {
            Status::Reserved { until, .. } => Some(until),
            Status::Available | Status::Sold { .. } | Status::Withdrawn => None,
        }
    }

    /// Refunds and disputes since the sale.
    pub fn post_capture(&self) -> PostCapture {
        match self.status {
            Status::Sold { post_capture, .. } => post_capture,
            Status::Available | Status::Reserved { .. } | Status::Withdrawn => PostCapture::default(),
        }
    }

    /// The whole state; events carry it without the description.
    pub fn snapshot(&self) -> TicketSnapshot {
        TicketSnapshot {
            id: self.id,
            title: self.offer.title.as_str().to_owned(),
            venue: self.offer.venue.as_ref().map(Venue::as_str).map(str::to_owned),
            starts_at: self.offer.starts_at,
            description: self.offer.description.as_ref().map(Description::as_str).map(str::to_owned),
            price: self.offer.price.money(),
            seller_id: self.seller,
            status: self.status.kind().into(),
            order_id: self.order(),
            reserved_until: self.reserved_until(),
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
            overdue: false,
        }
    }

    /// The event that announces the present state.
    pub fn event(&self) -> Event {
        let event = match self.status {
            Status::Available => Event::TicketUpdated,
            Status::Reserved { .. } => Event::TicketReserved,
            Status::Sold { .. } => Event::TicketSold,
            Status::Withdrawn => Event::TicketWithdrawn,
        };
        event(event_data(self))
    }

    /// The next state and its event.
    fn transition(&self, status: Status, now: Time, event: fn(TicketSnapshot) -> Event) -> Decision<Self> {
        with_snapshot(Self { status, ..self.successor(now) }, event)
    }

    /// The same ticket at the next version.
    fn successor(&self, now: Time) -> Self {
        Self { republished: 0, version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

impl Status {
    /// The status on the wire.
    pub const fn kind(self) -> TicketStatus {
        match self {
            Self::Available => TicketStatus::Available,
            Self::Reserved { .. } => TicketStatus::Reserved,
            Self::Sold { .. } => TicketStatus::Sold,
            Self::Withdrawn => TicketStatus::Withdrawn,
        }
    }
}

/// A new state and the event that carries it.
fn with_snapshot(ticket: Ticket, event: fn(TicketSnapshot) -> Event) -> Decision<Ticket> {
    let event = event(event_data(&ticket));
    Decision::with_event(ticket, event)
}

/// The state as events carry it, without the description: the largest member, on which no consumer decides.
pub(super) fn event_data(ticket: &Ticket) -> TicketSnapshot {
    TicketSnapshot { description: None, ..ticket.snapshot() }
}
