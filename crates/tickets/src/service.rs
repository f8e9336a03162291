//! What the service consists of.

use std::sync::Arc;

use bus::Subscription;
use common::{Problem, TicketId, UserId};
use runtime::{EventStreams, Service, ServiceContext};

use crate::domain::{Offer, Ticket};
use crate::live::Feed;
use crate::tickets::Tickets;
use crate::{consume, http};

/// The name of the service, and of its consumer on the bus.
pub const NAME: &str = "tickets";

/// The tickets service.
pub fn service(context: &ServiceContext) -> Service {
    let tickets = Tickets::new(context);
    let handler = Arc::new(consume::Consumer::new(tickets.clone()));
    let (feed, telling) = Feed::new(context.bus.as_ref());
    let watching = http::Watching { feed, streams: EventStreams::new(context) };
    Service {
        routes: http::routes(tickets, watching),
        subscriptions: vec![Subscription { consumer: NAME, subjects: consume::SUBJECTS, handler }],
        workers: vec![telling],
        ..Service::new(NAME, "/api/tickets")
    }
}

/// Lists a ticket for a seller without a request: for a marketplace that shall not begin empty.
///
/// # Errors
/// The offer has begun already, or the database failed.
pub async fn list_for(context: &ServiceContext, seller: UserId, offer: Offer) -> Result<Ticket, Problem> {
    Tickets::new(context).list(context.ids.next::<TicketId>(), seller, offer).await
}
