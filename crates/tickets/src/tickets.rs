//! What the handlers and consumers work with.

use std::sync::Arc;

use bus::ConsumeError;
use common::{Decision, Problem, SharedClock, TicketId, Time, UserId};
use runtime::ServiceContext;
use store::{Collection, CommitError};

use crate::domain::{ClosedOrder, Offer, Ticket};
use crate::http::PageCache;

/// The service's state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tickets {
    /// The tickets.
    pub(crate) collection: Collection<Ticket>,
    /// The orders that shall not have theirs.
    pub(crate) closed: Collection<ClosedOrder>,
    /// Pages that were read a moment ago.
    pub(crate) pages: Arc<PageCache>,
    clock: SharedClock,
}

impl Tickets {
    pub(crate) fn new(context: &ServiceContext) -> Self {
        Self {
            collection: context.store.collection(),
            closed: context.store.collection(),
            pages: Arc::default(),
            clock: Arc::clone(&context.clock),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Puts a ticket on sale. A repetition with the same id, after a crash that swallowed the reply, finds the ticket
    /// that the first one listed.
    pub(crate) async fn list(&self, id: TicketId, seller: UserId, offer: Offer) -> Result<Ticket, Problem> {
        let listed = Ticket::list(id, seller, offer, self.now())?;
        match self.collection.commit(listed).await {
            Err(CommitError::Conflict) => {
                let known = self.collection.get(id).await?.filter(|ticket| ticket.seller == seller);
                known.ok_or_else(|| Problem::internal(CommitError::Conflict))
            }
            committed => Ok(committed?),
        }
    }

    /// Remembers an order that is over. What was remembered first stays.
    pub(crate) async fn close(&self, order: Decision<ClosedOrder>) -> Result<(), ConsumeError> {
        match self.closed.commit(order).await {
            Ok(_) | Err(CommitError::Conflict) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use common::{Currency, Money};

    use super::*;
    use crate::domain::{Price, Title};

    fn offer(title: &str) -> Offer {
        let price = Price::parse(Money { amount: 2_500, currency: Currency::Usd }).expect("a price");
        let title = Title::parse(title).expect("a title");
        Offer { title, venue: None, starts_at: None, description: None, price }
    }

    #[tokio::test]
    async fn a_repetition_with_the_same_id_finds_the_ticket_of_the_first_try() {
        let (_, context) = runtime::testing::context();
        let tickets = Tickets::new(&context);
        let (id, seller, other) = (context.ids.next(), context.ids.next(), context.ids.next());
        let first = tickets.list(id, seller, offer("first")).await.expect("listed");
        let again = tickets.list(id, seller, offer("first")).await.expect("found");
        assert_eq!(again, first);
        let outbox = context.store.backend().outbox(0, 10).await.expect("the outbox");
        assert_eq!(outbox.len(), 1, "announced once");
        let stolen = tickets.list(id, other, offer("other")).await.expect_err("somebody else's");
        assert_eq!(stolen.code, "internal");
    }

    #[tokio::test]
    async fn a_ticket_can_be_listed_for_a_seller_without_a_request() {
        let (_, context) = runtime::testing::context();
        let ticket = crate::list_for(&context, context.ids.next(), offer("demo")).await.expect("listed");
        assert_eq!(Tickets::new(&context).collection.get(ticket.id).await.expect("a read"), Some(ticket));
    }
}
