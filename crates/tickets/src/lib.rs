//! The tickets on offer: who may have a ticket, and at what price.

mod consumer;
pub mod domain;
mod feed;
mod http;
mod recovery;
mod search;
mod storage;
mod workers;

pub use recovery::RECOVERY;
pub use storage::DOCUMENTS;

use std::sync::Arc;

use ::http::HeaderMap;
use bus::Subscription;
use common::http::{HostCookie, HttpContext};
use common::{Problem, SharedClock, TicketId, Time, UserId};
use runtime::{EventStreams, Service, ServiceContext};
use store::{Collection, CommitError, Revision};

use crate::domain::{Offer, OrderTombstone, Ticket};
use crate::feed::Feed;
use crate::http::{Basis, FeedState, ReplyCache};

/// The name of the service, and of its consumer on the bus.
pub const NAME: &str = "tickets";

/// The tickets service.
pub fn service(context: &ServiceContext) -> Service {
    let (feed, feed_worker) = Feed::new(context.bus.as_ref());
    let tickets = Tickets::new(context, feed.clone());
    let feed = FeedState { feed, streams: EventStreams::new(context) };
    Service {
        documents: DOCUMENTS,
        routes: http::routes(tickets.clone(), feed),
        workers: vec![feed_worker, workers::republish(&tickets)],
        subscriptions: vec![Subscription {
            consumer: NAME,
            subjects: consumer::SUBJECTS,
            handler: Arc::new(tickets),
        }],
        ..Service::new(NAME, "/api/tickets")
    }
}

/// The state that handlers and the consumer share. Cheap to clone.
#[derive(Clone)]
struct Tickets {
    store: Collection<Ticket>,
    tombstones: Collection<OrderTombstone>,
    replies: Arc<ReplyCache>,
    feed: Feed,
    clock: SharedClock,
}

impl Tickets {
    fn new(context: &ServiceContext, feed: Feed) -> Self {
        Self {
            store: context.store.collection(),
            tombstones: context.store.collection(),
            replies: Arc::default(),
            feed,
            clock: Arc::clone(&context.clock),
        }
    }

    fn now(&self) -> Time {
        self.clock.now()
    }

    /// The basis of a public reply to a request with these headers. `None` where other processes change tickets, too, for
    /// a caller with a session: a signed-in person sees their own changes at once.
    fn basis(&self, context: &HttpContext, headers: &HeaderMap) -> Option<Basis> {
        match self.store.revision() {
            Revision::OfAll(changes) => Some(Basis { changes, shared_at: None }),
            Revision::OfThisProcess(_) if HostCookie::session(context).values(headers).next().is_some() => {
                None
            }
            Revision::OfThisProcess(own) => {
                Some(Basis { changes: own + self.feed.changes(), shared_at: Some(self.now()) })
            }
        }
    }

    /// Puts a ticket on sale. A retry with the same id, after a crash before the reply, returns the ticket that the
    /// first attempt listed.
    async fn list(&self, id: TicketId, seller: UserId, offer: Offer) -> Result<Ticket, Problem> {
        let listed = Ticket::list(id, seller, offer, self.now())?;
        match self.store.commit(listed).await {
            Err(CommitError::Conflict) => {
                let listed = self.store.get(id).await?.filter(|ticket| ticket.seller == seller);
                listed.ok_or_else(|| Problem::internal(CommitError::Conflict))
            }
            committed => Ok(committed?),
        }
    }
}

#[cfg(test)]
mod tests {
    use common::{Currency, Money};

    use super::*;
    use crate::domain::{Price, Title};

    pub(crate) fn offer(title: &str) -> Offer {
        let price = Price::parse(Money { amount: 2_500, currency: Currency::Usd }).expect("a price");
        let title = Title::parse(title).expect("a title");
        Offer { title, venue: None, starts_at: None, description: None, price }
    }

    #[tokio::test]
    async fn a_repetition_with_the_same_id_finds_the_ticket_of_the_first_try() {
        let (_, context) = runtime::testing::context();
        let tickets = Tickets::new(&context, Feed::new(context.bus.as_ref()).0);
        let (id, seller, other) = (context.ids.next(), context.ids.next(), context.ids.next());
        let first = tickets.list(id, seller, offer("first")).await.expect("listed");
        let again = tickets.list(id, seller, offer("first")).await.expect("found");
        assert_eq!(again, first);
        let outbox = context.store.backend().outbox(0, 10).await.expect("the outbox");
        assert_eq!(outbox.len(), 1, "published once");
        let stolen = tickets.list(id, other, offer("other")).await.expect_err("another seller's");
        assert_eq!(stolen.code, "internal");
    }
}
