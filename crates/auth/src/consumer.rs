//! The consumer: deletes accounts, or keeps them, as orders decides.

use bus::{Consume, ConsumeError, Incoming};
use common::Event;
use common::event::{ClosingRequest, Subject};
use futures::future::{BoxFuture, FutureExt};

use crate::Accounts;
use crate::domain::Closing;

/// The subjects that the service subscribes to.
pub(crate) const SUBJECTS: &[Subject] = &[Subject::OrderClosingAccepted, Subject::OrderClosingRefused];

impl Consume for Accounts {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move { self.on_event(&incoming.envelope.event).await }.boxed()
    }
}

impl Accounts {
    async fn on_event(&self, event: &Event) -> Result<(), ConsumeError> {
        match event {
            // Final, whatever was requested since: orders accepts no order of or for the account any more.
            Event::OrderClosingAccepted(accepted) => Ok(self.delete_account(accepted.user_id).await?),
            Event::OrderClosingRefused(refused) => self.on_closing_refused(refused).await,
            // Not in `SUBJECTS`. Named, so that the compiler asks about every new event.
            Event::TicketCreated(_)
            | Event::TicketUpdated(_)
            | Event::TicketReserved(_)
            | Event::TicketReleased(_)
            | Event::TicketSold(_)
            | Event::TicketWithdrawn(_)
            | Event::TicketReservationRefused(_)
            | Event::OrderCreated(_)
            | Event::OrderAwaitingPayment(_)
            | Event::OrderPaymentAccepted(_)
            | Event::OrderCompleted(_)
            | Event::OrderCancelled(_)
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
            | Event::AccountDeleted(_) => Ok(()),
        }
    }

    async fn on_closing_refused(&self, refused: &ClosingRequest) -> Result<(), ConsumeError> {
        let now = self.now();
        let refuse = |known: Option<&Closing>| known?.refuse(refused.request, now);
        self.closings.apply(refused.user_id, refuse).await?;
        Ok(())
    }
}
