//! The consumer: applies the events of orders to their deadlines.

use bus::{Consume, ConsumeError, Incoming};
use common::Event;
use common::event::{OrderSnapshot, Subject};
use futures::future::{BoxFuture, FutureExt};

use crate::Deadlines;
use crate::domain::Deadline;

/// The subjects that the service subscribes to.
pub(crate) const SUBJECTS: &[Subject] =
    &[Subject::OrderCreated, Subject::OrderPaymentAccepted, Subject::OrderCompleted, Subject::OrderCancelled];

impl Consume for Deadlines {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move { self.on_event(&incoming.envelope.event).await }.boxed()
    }
}

impl Deadlines {
    async fn on_event(&self, event: &Event) -> Result<(), ConsumeError> {
        match event {
            Event::OrderCreated(order) => self.on_order_created(order).await,
            Event::OrderPaymentAccepted(order)
            | Event::OrderCompleted(order)
            | Event::OrderCancelled(order) => self.on_hold_ended(order).await,
            // Not in `SUBJECTS`. Named, so that the compiler asks about every new event.
            Event::OrderAwaitingPayment(_)
            | Event::TicketCreated(_)
            | Event::TicketUpdated(_)
            | Event::TicketReserved(_)
            | Event::TicketReleased(_)
            | Event::TicketSold(_)
            | Event::TicketWithdrawn(_)
            | Event::TicketReservationRefused(_)
            | Event::ExpirationCompleted(_)
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

    async fn on_order_created(&self, order: &OrderSnapshot) -> Result<(), ConsumeError> {
        let schedule = |deadline: Option<&Deadline>| Deadline::schedule(deadline, order, self.now());
        self.store.create_or_apply(order.id, schedule).await?;
        self.wake.time_stored(order.expires_at);
        Ok(())
    }

    async fn on_hold_ended(&self, order: &OrderSnapshot) -> Result<(), ConsumeError> {
        self.store.apply_newer(order.id, |deadline| Deadline::cancel(deadline, order, self.now())).await?;
        Ok(())
    }
}
