//! The step that creates the `PaymentIntent`.

use common::PaymentId;
use common::event::PaymentStatus;

use super::StepError;
use crate::Payments;
use crate::domain::{IntentState, IntentView, Payment};
use crate::stripe::StripeError;

impl Payments {
    /// Creates the `PaymentIntent` and adopts it.
    ///
    /// An earlier attempt may have created one whose reply was lost. After 24 hours, or once Stripe keeps a 500 under the
    /// key, the key alone does not lead back to it. So the metadata name the payment, and a second attempt searches
    /// first. The call is made again only if nothing is found, and under a new key only after a 500: that request has
    /// ended, so its result would have been found. If a lost request succeeds late nevertheless, there are two, and no
    /// buyer has seen the second one's secret. Then the older is adopted, and the others are canceled, here or on their
    /// webhook ([`Payments::on_intent_event`]).
    pub(super) async fn create(&self, leased: &Payment) -> Result<Option<Payment>, StepError> {
        let view = match self.created_before(leased).await? {
            Some(view) => view,
            None => match Box::pin(self.stripe.create(leased)).await {
                Ok(view) if leased.schedule.attempt_key > 0 => {
                    self.created_before(leased).await?.unwrap_or(view)
                }
                Ok(view) => view,
                Err(StripeError::Refused(why)) if leased.status == PaymentStatus::Voiding => {
                    tracing::info!(code = why.code, "there is nothing to void");
                    return Ok(self.update(leased, Payment::nothing_was_created).await?);
                }
                Err(error) => return Err(error.into()),
            },
        };
        let intent = view.intent;
        Ok(self.update(leased, |payment, now| payment.adopt(intent.clone(), now)).await?)
    }

    /// The `PaymentIntent` of an earlier attempt: the adopted one, else the oldest. Cancels the others.
    async fn created_before(&self, leased: &Payment) -> Result<Option<IntentView>, StepError> {
        if leased.schedule.attempts <= 1 {
            return Ok(None);
        }
        let mut found = self.stripe.find(leased).await?;
        let adopted = self.store.get(leased.id).await?.and_then(|payment| payment.intent);
        let ours = |view: &IntentView| adopted.as_ref().is_some_and(|intent| intent.id == view.intent.id);
        let Some(kept) = found.iter().position(ours).or(found.len().checked_sub(1)) else { return Ok(None) };
        let kept = found.remove(kept);
        for orphan in &found {
            self.cancel_orphan(leased, orphan).await?;
        }
        Ok(Some(kept))
    }

    /// Cancels a `PaymentIntent` that was created for a payment that has another one.
    pub(crate) async fn cancel_orphan(
        &self,
        payment: &Payment,
        orphan: &IntentView,
    ) -> Result<(), StripeError> {
        if orphan.state == IntentState::Canceled {
            return Ok(());
        }
        let id = &orphan.intent.id;
        tracing::warn!(payment = %payment.id, intent = id, "canceling a second PaymentIntent of a payment");
        self.cancel_intent(payment.id, id).await
    }

    /// Cancels a `PaymentIntent` that belongs to no payment.
    pub(crate) async fn cancel_intent(&self, payment: PaymentId, id: &str) -> Result<(), StripeError> {
        match self.stripe.cancel(id, &format!("{payment}-stray-{id}")).await {
            // The error: canceled meanwhile.
            Ok(_) | Err(StripeError::UnexpectedState) => Ok(()),
            // Stripe may keep the error under the key, so the state decides.
            Err(error) => match self.stripe.retrieve(id).await?.state {
                IntentState::Canceled => Ok(()),
                _ => Err(error),
            },
        }
    }
}
