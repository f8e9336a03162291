//! Tickets after a restore of the database: adopted from what orders knows, and raised.

use common::event::{OrderSnapshot, OrderStatus, OrderedTicket, TicketSnapshot, TicketStatus};
use common::{Decision, Money, Time, UserId};

use super::{Offer, PostCapture, Price, Status, Ticket, Title};

impl Ticket {
    /// Adopts title, price and withdrawal from the replica of orders, at this version. The replica lacks venue, start and
    /// description, so a lost ticket becomes withdrawn: its seller sees it, and lists it again. Returns `None` if the
    /// replica is not newer than `known`, or if an order has the ticket.
    pub fn adopt_replica(
        known: Option<&Self>,
        copy: &TicketSnapshot,
        version: u64,
        now: Time,
    ) -> Option<Decision<Self>> {
        let copied = copy.status.known()?;
        if matches!(copied, TicketStatus::Reserved | TicketStatus::Sold) {
            return None;
        }
        let Some(known) = known else {
            let offer = plain_offer(&copy.title, copy.price)?;
            let (id, seller, status) = (copy.id, copy.seller_id, Status::Withdrawn);
            let (created_at, updated_at) = (copy.created_at, now);
            let ticket = Self { id, seller, offer, status, republished: 0, version, created_at, updated_at };
            return Some(ticket.published());
        };
        if known.version >= copy.version || matches!(known.status, Status::Sold { .. } | Status::Withdrawn) {
            return None;
        }
        let status = match copied {
            TicketStatus::Withdrawn => Status::Withdrawn,
            _ => Status::Available,
        };
        let offer = known.offer_as(&copy.title, copy.price)?;
        let is_known = (&offer, status) == (&known.offer, known.status);
        (!is_known).then(|| Self { offer, status, ..known.adopted(version, now) }.published())
    }

    /// Adopts the lock or the sale that an order implies, at this version. The order decides: it holds the unique key of
    /// the ticket. Returns `None` if the order has the ticket already, or has ended without it.
    pub fn adopt_order(
        known: Option<&Self>,
        order: &OrderSnapshot,
        version: u64,
        now: Time,
    ) -> Option<Decision<Self>> {
        let ordered = order.status.known()?;
        let status = match ordered {
            OrderStatus::Created | OrderStatus::AwaitingPayment | OrderStatus::Paying => {
                Status::Reserved { order: order.id, holder: order.user_id, until: order.expires_at }
            }
            OrderStatus::Complete => {
                let post_capture = PostCapture::default();
                Status::Sold { order: order.id, buyer: order.user_id, post_capture }
            }
            OrderStatus::Cancelled => Status::Withdrawn,
        };
        let OrderedTicket { id, ref title, price, seller_id, .. } = order.ticket;
        let Some(known) = known else {
            let (seller, offer): (UserId, _) = (seller_id?, plain_offer(title, price)?);
            let (created_at, updated_at) = (order.created_at, now);
            let ticket = Self { id, seller, offer, status, republished: 0, version, created_at, updated_at };
            return Some(ticket.published());
        };
        // An ordinary lock or sale is left to the consumer.
        let decides =
            matches!(ordered, OrderStatus::AwaitingPayment | OrderStatus::Paying | OrderStatus::Complete);
        if !decides || known.order() == Some(order.id) {
            return None;
        }
        let offer = known.offer_as(title, price)?;
        Some(Self { offer, status, ..known.adopted(version, now) }.published())
    }

    /// The same state at a raised version. Published while an order may still take the ticket or give it back; orders answers
    /// with its own state.
    pub fn raise(&self, version: u64, now: Time) -> Decision<Self> {
        match self.status {
            Status::Available | Status::Reserved { .. } => {
                Self { version: version.saturating_sub(1), ..self.clone() }.republish(now)
            }
            Status::Sold { .. } | Status::Withdrawn => {
                Decision::without_event(Self { version, ..self.clone() })
            }
        }
    }

    fn adopted(&self, version: u64, now: Time) -> Self {
        Self { republished: 0, version, updated_at: now, ..self.clone() }
    }

    fn published(self) -> Decision<Self> {
        let event = self.event();
        Decision::with_event(self, event)
    }

    fn offer_as(&self, title: &str, price: Money) -> Option<Offer> {
        let Offer { title, price, .. } = plain_offer(title, price)?;
        Some(Offer { title, price, ..self.offer.clone() })
    }
}

/// An offer of which only title and price are known.
fn plain_offer(title: &str, price: Money) -> Option<Offer> {
    let (title, price) = (Title::parse(title).ok()?, Price::parse(price).ok()?);
    Some(Offer { title, venue: None, starts_at: None, description: None, price })
}
