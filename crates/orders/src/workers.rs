//! The workers that decide on overdue orders, and ask for the end of overdue locks.
//!
//! An open order expires although `expiration.completed` or the answer of payments is lost. The wait is a key of the order,
//! not a delayed event: it occupies no permit of the consumer, and survives restarts.

use std::future::ready;

use common::{Decision, Time};
use runtime::{Overdue, Worker};
use store::{Collection, CommitError, StoreError};

use crate::Orders;
use crate::domain::{Order, Status, TicketReplica};
use crate::metrics::Stage;
use crate::storage::index;

/// The workers. Every replica may run them: compare-and-swap decides.
pub(crate) fn workers(orders: &Orders) -> [Worker; 2] {
    let clock = || orders.clock.clone();
    [OverdueOrders(orders.clone()).worker(clock()), OverdueLocks(orders.clone()).worker(clock())]
}

#[derive(Clone)]
struct OverdueOrders(Orders);

impl Overdue for OverdueOrders {
    type Document = Order;

    const INDEX: &'static str = index::BY_OVERDUE;

    fn collection(&self) -> &Collection<Order> {
        &self.0.store
    }

    fn due(order: &Order) -> Option<Time> {
        order.overdue_at()
    }

    fn decide(
        &self,
        order: &Order,
        now: Time,
    ) -> impl Future<Output = Result<Option<Decision<Order>>, StoreError>> + Send {
        ready(Ok(order.on_overdue(now)))
    }

    fn committed(&self, before: &Order, after: &Order) {
        Stage::of(before).ended(after);
    }
}

/// The locks that have ended as far as orders knows: tickets answers a complete order with the sale.
#[derive(Clone)]
struct OverdueLocks(Orders);

impl Overdue for OverdueLocks {
    type Document = TicketReplica;

    const INDEX: &'static str = index::BY_OVERDUE;

    fn collection(&self) -> &Collection<TicketReplica> {
        &self.0.tickets
    }

    fn due(ticket: &TicketReplica) -> Option<Time> {
        ticket.overdue_at()
    }

    async fn decide(
        &self,
        ticket: &TicketReplica,
        now: Time,
    ) -> Result<Option<Decision<TicketReplica>>, StoreError> {
        let Self(orders) = self;
        if let Some(holder) = ticket.locked_for() {
            let republish = |order: Option<&Order>| {
                order.filter(|order| order.status == Status::Complete).map(|order| order.republish(now))
            };
            // The order of another release is asked for later.
            let republished = orders.store.apply(holder, republish).await;
            if let Err(CommitError::Store(error @ StoreError::Unavailable(_))) = republished {
                return Err(error);
            }
        }
        Ok(Some(ticket.asked(now)))
    }
}
