//! `order.*`: keeps what is known of the order, and lets its payment follow it.

use std::convert::Infallible;

use bus::ConsumeError;
use common::OrderId;
use common::event::{OrderSnapshot, OrderStatus};

use crate::Payments;
use crate::documents::Order;
use crate::domain::Payment;

impl Payments {
    /// First what is known of the order, then its payment: whoever begins a payment does it the other way round, so
    /// that of an order that ends while its payment begins one of the two sees the other.
    pub(crate) async fn heard_of_order(&self, heard: &OrderSnapshot) -> Result<(), ConsumeError> {
        let order =
            self.orders.update(heard.id, |known| Ok::<_, Infallible>(Order::hear(known, heard))).await?;
        match order {
            Some(order) => self.follow(&order).await,
            None => Ok(()),
        }
    }

    /// Takes or lets go of the money, as the order's newest state asks. The card processor is not waited for.
    pub(crate) async fn follow_order(&self, id: OrderId) -> Result<(), ConsumeError> {
        match self.orders.get(id).await? {
            Some(order) => self.follow(&order).await,
            None => Ok(()),
        }
    }

    async fn follow(&self, order: &Order) -> Result<(), ConsumeError> {
        let status = order.state.status;
        // Nothing follows from these for the payment, so it need not be looked for.
        if matches!(status, OrderStatus::Created | OrderStatus::AwaitingPayment) {
            return Ok(());
        }
        let Some(payment) = self.of_order(order.state.id).await? else { return Ok(()) };
        let follow = |payment: &Payment| match status {
            OrderStatus::Cancelled => payment.order_cancelled(self.clock.now()),
            _ => payment.order_accepted(self.clock.now()),
        };
        let decide = |payment: Option<&Payment>| Ok::<_, Infallible>(payment.and_then(follow));
        self.payments.update_from(&payment, decide).await?;
        self.step_due.notify_one();
        Ok(())
    }
}
