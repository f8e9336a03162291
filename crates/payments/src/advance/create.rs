//! The step that creates the `PaymentIntent`.

use common::PaymentId;
use common::event::PaymentStatus;

use super::Trouble;
use crate::Payments;
use crate::domain::{IntentState, Payment, Seen};
use crate::stripe::Failure;

impl Payments {
    /// Creates the `PaymentIntent` and adopts it.
    ///
    /// An earlier attempt may have created it without an answer reaching us, and after 24 hours, or once Stripe keeps a
    /// 500 under the key, the key alone would not lead us back to it. It carries the payment's id in its metadata, so it
    /// is looked for first. Only when nothing is found is the call made again; under a new key only after a 500, whose
    /// request is over: what it left behind would have been found. Should a request that was given up for dead come to
    /// life after all, then there are two, of which no buyer has seen the client secret of the second: the older is
    /// adopted, the others are cancelled, here or when Stripe tells of them ([`Payments::hear_of_intent`]).
    pub(super) async fn create(&self, taken: &Payment) -> Result<Option<Payment>, Trouble> {
        let seen = match self.created_before(taken).await? {
            Some(seen) => seen,
            None => match Box::pin(self.stripe.create(taken)).await {
                Ok(seen) if taken.work.key > 0 => self.created_before(taken).await?.unwrap_or(seen),
                Ok(seen) => seen,
                Err(Failure::Final(why)) if taken.status == PaymentStatus::Voiding => {
                    tracing::info!(code = why.code, "there is nothing to void");
                    return Ok(self.update(taken, Payment::nothing_was_created).await?);
                }
                Err(failure) => return Err(failure.into()),
            },
        };
        let intent = seen.intent;
        Ok(self.update(taken, |payment, now| payment.adopt(intent.clone(), now)).await?)
    }

    /// What an earlier attempt created, after everything but that was cancelled: what was adopted meanwhile, else the
    /// oldest.
    async fn created_before(&self, taken: &Payment) -> Result<Option<Seen>, Trouble> {
        // The first attempt has no predecessor.
        if taken.work.attempts <= 1 {
            return Ok(None);
        }
        let mut found = self.stripe.find(taken).await?;
        let adopted = self.payments.get(taken.id).await?.and_then(|payment| payment.intent);
        let ours = |seen: &Seen| adopted.as_ref().is_some_and(|intent| intent.id == seen.intent.id);
        let Some(kept) = found.iter().position(ours).or(found.len().checked_sub(1)) else { return Ok(None) };
        let kept = found.remove(kept);
        for stray in &found {
            self.cancel_stray(taken, stray).await?;
        }
        Ok(Some(kept))
    }

    /// Cancels a `PaymentIntent` that was created for a payment that has another one.
    pub(crate) async fn cancel_stray(&self, payment: &Payment, stray: &Seen) -> Result<(), Failure> {
        if stray.state == IntentState::Canceled {
            return Ok(());
        }
        let id = &stray.intent.id;
        tracing::warn!(payment = %payment.id, intent = id, "a second PaymentIntent of a payment is cancelled");
        self.cancel_intent(payment.id, id).await
    }

    /// Cancels a `PaymentIntent` with which nothing can be bought.
    pub(crate) async fn cancel_intent(&self, payment: PaymentId, id: &str) -> Result<(), Failure> {
        match self.stripe.cancel(id, &format!("{payment}-stray-{id}")).await {
            // The second: it was cancelled meanwhile.
            Ok(_) | Err(Failure::UnexpectedState) => Ok(()),
            // Stripe may keep the error under the key: what counts is whether it was done.
            Err(failure) => match self.stripe.retrieve(id).await?.state {
                IntentState::Canceled => Ok(()),
                _ => Err(failure),
            },
        }
    }
}
