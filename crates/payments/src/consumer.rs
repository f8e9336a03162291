//! The consumer: applies the events of orders and expiration to order replicas and payments.

use std::sync::Arc;

use bus::{Consume, ConsumeError, Incoming};
use common::event::{DeadlinePassed, OrderSnapshot, OrderStatus, PaymentStatus, Subject};
use common::{Event, OrderId};
use futures::FutureExt;
use futures::future::BoxFuture;
use store::StoreError;

use crate::Payments;
use crate::domain::{OrderReplica, Payment};
use crate::storage::without_duplicates;

/// The subjects that the service subscribes to.
pub(crate) const SUBJECTS: &[Subject] = &[
    Subject::OrderCreated,
    Subject::OrderAwaitingPayment,
    Subject::OrderPaymentAccepted,
    Subject::OrderCompleted,
    Subject::OrderCancelled,
    Subject::ExpirationCompleted,
];

impl Consume for Payments {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move {
            match &incoming.envelope.event {
                Event::OrderCreated(order)
                | Event::OrderAwaitingPayment(order)
                | Event::OrderPaymentAccepted(order)
                | Event::OrderCompleted(order)
                | Event::OrderCancelled(order) => {
                    Ok(self.on_order_event(order, incoming.envelope.trace.as_deref()).await?)
                }
                Event::ExpirationCompleted(deadline) => Ok(self.on_deadline_passed(deadline).await?),
                // Not in `SUBJECTS`. Named, so that the compiler asks about every new event.
                Event::TicketCreated(_)
                | Event::TicketUpdated(_)
                | Event::TicketReserved(_)
                | Event::TicketReleased(_)
                | Event::TicketSold(_)
                | Event::TicketWithdrawn(_)
                | Event::TicketReservationRefused(_)
                | Event::PaymentStarted(_)
                | Event::PaymentAuthorized(_)
                | Event::PaymentNotAuthorized(_)
                | Event::PaymentCaptured(_)
                | Event::PaymentFailed(_)
                | Event::PaymentVoided(_)
                | Event::PaymentRefunded(_)
                | Event::PaymentDisputed(_)
                | Event::SessionRevoked(_)
                | Event::AccountChanged(_)
                | Event::AccountClosing(_)
                | Event::OrderClosingAccepted(_)
                | Event::OrderClosingRefused(_)
                | Event::AccountDeleted(_) => Ok(()),
            }
        }
        .boxed()
    }
}

impl Payments {
    /// First the replica, then the payment. Starting a payment works in the other order: if the order ends meanwhile,
    /// one of the two sees the other.
    async fn on_order_event(&self, snapshot: &OrderSnapshot, trace: Option<&str>) -> Result<(), StoreError> {
        let apply = |known: Option<&OrderReplica>| OrderReplica::apply(known, snapshot, trace);
        let applied = if snapshot.status == OrderStatus::Created {
            self.orders.create_or_apply(snapshot.id, apply).await
        } else {
            self.orders.apply_newer(snapshot.id, apply).await
        };
        match applied.map_err(without_duplicates)? {
            Some(order) => self.apply_order(&order, snapshot.overdue).await,
            None => Ok(()),
        }
    }

    /// Schedules the last poll of a payment in progress, without waiting for Stripe.
    async fn on_deadline_passed(&self, deadline: &DeadlinePassed) -> Result<(), StoreError> {
        let Some(payment) = self.recent_by_order(deadline.order_id).await? else { return Ok(()) };
        self.update(&payment, |payment, now| payment.on_deadline(deadline.expires_at, now)).await?;
        Ok(())
    }

    /// Lets the payment follow the newest state of its order. Commits the next step, without waiting for Stripe.
    pub(crate) async fn follow_order(&self, id: OrderId) -> Result<(), StoreError> {
        match self.orders.get(id).await? {
            Some(order) => self.apply_order(&order, false).await,
            None => Ok(()),
        }
    }

    /// Lets the payment follow its order, or answers an overdue order. Starts a capture at once.
    async fn apply_order(&self, order: &OrderReplica, overdue: bool) -> Result<(), StoreError> {
        // Saves the read: before the buyer has paid, no event of the order changes the payment.
        if order.is_payable() {
            return Ok(());
        }
        // None: the buyer never began to pay, or the read was outdated; then the payment's next poll follows the order.
        let Some(payment) = self.recent_by_order(order.state.id).await? else { return Ok(()) };
        let status = &order.state.status;
        // Saves the read of the latest payment: what it may show since has an event of its own.
        if payment.is_settled() && *status == OrderStatus::Complete && !overdue {
            return Ok(());
        }
        let (in_flight, permit) = (self.step_started(), Arc::clone(&self.captures).try_acquire_owned());
        let mut leased = None;
        let follow = |payment: &Payment, now| {
            leased = None;
            let answer = || payment.answer(status, false).filter(|_| overdue);
            let decision = payment
                .on_order_event(status, now)
                .or_else(answer)
                .or_else(|| payment.on_order_shown(&order.state))?;
            let is_capture = decision.next.status == PaymentStatus::Capturing;
            let starts = is_capture && payment.status != PaymentStatus::Capturing && permit.is_ok();
            let decision = if starts { Payment::leased(decision, now) } else { decision };
            leased = starts.then(|| decision.next.clone());
            Some(decision)
        };
        self.update(&payment, follow).await?;
        let Some(leased) = leased else { return Ok(()) };
        let payments = self.clone();
        self.tasks.spawn(async move {
            payments.capture_leased(leased, in_flight).await;
            drop(permit);
        });
        Ok(())
    }
}
