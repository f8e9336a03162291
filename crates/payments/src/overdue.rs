//! The workers that publish payments again whose orders have not followed.

use std::future::ready;

use common::{Decision, Time};
use runtime::{Overdue, Worker};
use store::{Collection, StoreError};

use crate::Payments;
use crate::domain::{OrderReplica, Payment};
use crate::storage::index;

/// The workers.
pub(crate) fn workers(payments: &Payments) -> [Worker; 2] {
    let clock = || payments.clock.clone();
    [OverduePayments(payments.clone()).worker(clock()), OverdueOrders(payments.clone()).worker(clock())]
}

/// The payments whose orders do not show their refunds and disputes.
#[derive(Clone)]
struct OverduePayments(Payments);

impl Overdue for OverduePayments {
    type Document = Payment;

    const INDEX: &'static str = index::BY_OVERDUE;

    fn collection(&self) -> &Collection<Payment> {
        &self.0.store
    }

    fn due(payment: &Payment) -> Option<Time> {
        payment.overdue_at()
    }

    fn decide(
        &self,
        payment: &Payment,
        now: Time,
    ) -> impl Future<Output = Result<Option<Decision<Payment>>, StoreError>> + Send {
        ready(Ok(payment.republish(now)))
    }
}

/// The orders that are not over as far as payments knows: their deadline has passed, or they have accepted the payment.
#[derive(Clone)]
struct OverdueOrders(Payments);

impl Overdue for OverdueOrders {
    type Document = OrderReplica;

    const INDEX: &'static str = index::BY_OVERDUE;

    fn collection(&self) -> &Collection<OrderReplica> {
        &self.0.orders
    }

    fn due(order: &OrderReplica) -> Option<Time> {
        order.overdue_at()
    }

    async fn decide(
        &self,
        order: &OrderReplica,
        now: Time,
    ) -> Result<Option<Decision<OrderReplica>>, StoreError> {
        let Self(payments) = self;
        let payment = match payments.by_order(order.state.id).await {
            // A payment of another release: published again later.
            Err(StoreError::Unreadable(_)) => None,
            found => found?,
        };
        if let Some(payment) = payment {
            payments.update(&payment, |payment, now| payment.on_order_overdue(&order.state, now)).await?;
        }
        Ok(order.asked(now))
    }
}
