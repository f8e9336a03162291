//! `order.*`: keeps what is known of the order, and lets its payment follow it.

use std::convert::Infallible;

use bus::Fault;
use common::OrderId;
use common::event::{OrderSnapshot, OrderStatus};

use crate::Payments;
use crate::documents::Order;

impl Payments {
    /// First what is known of the order, then its payment: whoever begins a payment does it the other way round, so
    /// that of an order that ends while its payment begins one of the two sees the other.
    pub(crate) async fn heard_of_order(&self, heard: &OrderSnapshot) -> Result<(), Fault> {
        let order =
            self.orders.change(heard.id, |known| Ok::<_, Infallible>(Order::hear(known, heard))).await?;
        match order {
            Some(order) => self.follow(&order).await,
            None => Ok(()),
        }
    }

    /// Takes or lets go of the money, as the order's newest state asks. The card processor is not waited for.
    pub(crate) async fn follow_order(&self, id: OrderId) -> Result<(), Fault> {
        match self.orders.get(id).await? {
            Some(order) => self.follow(&order).await,
            None => Ok(()),
        }
    }

    async fn follow(&self, order: &Order) -> Result<(), Fault> {
        let Some(payment) = self.of_order(order.state.id).await? else { return Ok(()) };
        let follow = |payment: &crate::domain::Payment| match order.state.status {
            OrderStatus::Cancelled => payment.order_cancelled(self.clock.now()),
            OrderStatus::Paying | OrderStatus::Complete => payment.order_accepted(self.clock.now()),
            OrderStatus::Created | OrderStatus::AwaitingPayment => None,
        };
        self.payments.change_known(&payment, |payment| Ok::<_, Infallible>(payment.and_then(follow))).await?;
        self.step_due.notify_one();
        Ok(())
    }
}
