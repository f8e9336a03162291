//! What the service consists of.

use std::sync::Arc;

use bus::Subscription;
use common::{Problem, TicketId, UserId};
use runtime::{EventStreams, Kit, Service};

use crate::domain::{Offer, Ticket};
use crate::live::Feed;
use crate::tickets::Tickets;
use crate::{consume, http};

/// The name of the service, and of its consumer on the bus.
const NAME: &str = "tickets";

/// The tickets service.
pub fn service(kit: &Kit) -> Service {
    let tickets = Tickets::new(kit);
    let handler = Arc::new(consume::Consumer::new(tickets.clone()));
    let (feed, telling) = Feed::new(kit.bus.as_ref());
    let watching = http::Watching { feed, streams: EventStreams::new(kit) };
    Service {
        name: NAME,
        prefix: "/api/tickets",
        routes: http::routes(tickets, watching),
        subscriptions: vec![Subscription { consumer: NAME, subjects: consume::SUBJECTS, handler }],
        workers: vec![telling],
        machine_paths: &[],
    }
}

/// Lists a ticket for a seller without a request: for a marketplace that shall not begin empty.
///
/// # Errors
/// The offer has begun already, or the database failed.
pub async fn list_for(kit: &Kit, seller: UserId, offer: Offer) -> Result<Ticket, Problem> {
    Tickets::new(kit).list(kit.ids.next::<TicketId>(), seller, offer).await
}
