//! The consumer: keeps the replicas of accounts, and adds the emails that the events of orders cause.

use bus::{Consume, ConsumeError, DeadLetter, Incoming};
use common::event::{OrderSnapshot, Subject};
use common::{Event, UserId};
use futures::future::{BoxFuture, FutureExt};
use mail::Kind;
use store::Range;

use crate::Notifications;
use crate::domain::{Notice, OrderEmails, Party, Recipient};
use crate::storage::index;

/// The subjects that the service subscribes to.
pub(crate) const SUBJECTS: &[Subject] =
    &[Subject::OrderCompleted, Subject::OrderCancelled, Subject::AccountChanged, Subject::AccountDeleted];

/// The largest number of documents read at once when an account is deleted.
const MAX_BATCH: usize = 64;

impl Consume for Notifications {
    fn consume(&self, incoming: Incoming) -> BoxFuture<'_, Result<(), ConsumeError>> {
        async move { self.on_event(&incoming).await }.boxed()
    }
}

impl Notifications {
    async fn on_event(&self, incoming: &Incoming) -> Result<(), ConsumeError> {
        match &incoming.envelope.event {
            Event::OrderCompleted(order) | Event::OrderCancelled(order) => {
                self.on_order_ended(order, incoming).await
            }
            Event::AccountChanged(account) => {
                let apply = |replica: Option<&Recipient>| Recipient::apply(replica, account);
                self.recipients.create_or_apply(account.user_id, apply).await?;
                Ok(())
            }
            Event::AccountDeleted(account) => self.on_account_deleted(account.user_id).await,
            // Not in `SUBJECTS`. Named, so that the compiler asks about every new event.
            Event::OrderCreated(_)
            | Event::OrderAwaitingPayment(_)
            | Event::OrderPaymentAccepted(_)
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
            | Event::OrderClosingAccepted(_)
            | Event::OrderClosingRefused(_)
            | Event::AccountClosing(_)
            | Event::SessionRevoked(_) => Ok(()),
        }
    }

    /// Adds the emails to the recipients that are known. An unknown one is retried, and then a dead letter; a replay adds only
    /// the email that is missing.
    async fn on_order_ended(&self, order: &OrderSnapshot, incoming: &Incoming) -> Result<(), ConsumeError> {
        let now = self.now();
        let (mut emails, mut users, mut is_one_unknown) = (Vec::new(), Vec::new(), false);
        for notice in Notice::of(&incoming.envelope.event, now) {
            // Orders of former releases do not name the seller.
            let kind = notice.kind(order);
            let Some(user) = recipient(&kind, order) else { continue };
            match self.recipients.get(user).await? {
                None => is_one_unknown = true,
                Some(recipient) => {
                    if let Some(address) = recipient.address() {
                        emails.push((notice, self.mail.email(kind, address, &self.ids, now)));
                        users.push(user);
                    }
                }
            }
        }
        if !emails.is_empty() {
            let add = |known: Option<&OrderEmails>| OrderEmails::add(known, order, &emails, now);
            self.store.create_or_apply(order.id, add).await?;
            self.wake.time_stored(now);
        }
        for user in users {
            self.drop_if_deleted(user, order).await?;
        }
        if is_one_unknown {
            incoming.retry_missing(now)?;
            return Err(ConsumeError::failed("a recipient of the email is unknown"));
        }
        Ok(())
    }

    /// Drops the email to an account that was deleted while the email was added: [`Self::on_account_deleted`] may have missed
    /// the email.
    async fn drop_if_deleted(&self, user: UserId, order: &OrderSnapshot) -> Result<(), ConsumeError> {
        let recipient = self.recipients.get(user).await?;
        if recipient.is_some_and(|recipient| recipient.address().is_none()) {
            self.store.apply(order.id, |emails| emails?.drop_emails_to(user)).await?;
        }
        Ok(())
    }

    /// Erases the address first: from then on no email to it is added, or the email is dropped. A dead letter about the account
    /// may contain the address, too.
    async fn on_account_deleted(&self, user: UserId) -> Result<(), ConsumeError> {
        self.recipients.apply(user, |replica| Recipient::delete(replica, user)).await?;
        DeadLetter::erase(&self.database, user.into()).await?;
        loop {
            let pending = Range::of(index::BY_RECIPIENT, [user.into()]).limit(MAX_BATCH);
            let batch = self.store.batch(pending).await?.items;
            if batch.is_empty() {
                return Ok(());
            }
            for emails in batch {
                self.store.apply_from(&emails, |emails| emails?.drop_emails_to(user)).await?;
            }
        }
    }
}

/// The recipient of an email of this kind, if the order names them.
fn recipient(kind: &Kind, order: &OrderSnapshot) -> Option<UserId> {
    match Party::of(kind) {
        Party::Buyer => Some(order.user_id),
        Party::Seller => order.ticket.seller_id,
    }
}
