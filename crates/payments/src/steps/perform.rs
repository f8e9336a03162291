//! The calls of each step: create, poll, capture, void and refund.

use common::PaymentId;
use common::event::PaymentStatus;

use super::StepError;
use super::record::alert_of_failed_refund_or_dispute;
use crate::Payments;
use crate::domain::{IntentState, IntentView, Payment};
use crate::stripe::StripeError;

/// Stripe's reply to a refund.
enum RefundReply {
    Refused,
    /// The id of the refund.
    Created(String),
    NothingLeft,
}

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

    /// Reads the present state and applies it.
    pub(super) async fn poll(&self, leased: &Payment, intent: &str) -> Result<Option<Payment>, StepError> {
        // Before the call: a state that was read earlier does not answer what happened until the deadline.
        let polled_at = self.clock.now();
        let state = self.stripe.retrieve(intent).await?.state;
        // Read after Stripe's reply: the authorization of an order that was cancelled before it must not be published. A hint
        // comes a moment after the authorization; if the order is cancelled then, the consumer voids its payment.
        let is_hint = !leased.schedule.leased;
        let cancelled = !is_hint && self.order_is_cancelled(leased.order_id).await?;
        let follow = |payment: &Payment, now| {
            // Without a lease the poll may not be the only one. A change since then comes with a state as new, or with a poll.
            let is_latest = !is_hint || payment.version == leased.version;
            is_latest.then(|| payment.on_poll(&state, polled_at, cancelled, now)).flatten()
        };
        Ok(self.update(leased, follow).await?)
    }

    /// Captures, once: Stripe captures no `PaymentIntent` twice, whatever the key.
    pub(super) async fn capture(&self, leased: &Payment, intent: &str) -> Result<Option<Payment>, StepError> {
        if leased.schedule.attempts > 1
            && let Some(after) = self.apply_final_state(leased, intent).await?
        {
            return Ok(Some(after));
        }
        match self.stripe.capture(intent, &leased.idempotency_key("capture")).await {
            Ok(view) => Ok(self.apply_state(leased, &view.state).await?),
            Err(error @ StripeError::UnexpectedState) => {
                self.apply_final_state(leased, intent).await?.map(Some).ok_or_else(|| error.into())
            }
            // An attempt whose reply was lost may have succeeded nevertheless.
            Err(StripeError::Refused(why)) => match self.apply_final_state(leased, intent).await? {
                Some(after) => Ok(Some(after)),
                None => {
                    Ok(self.update(leased, |payment, now| payment.capture_refused(why.clone(), now)).await?)
                }
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Cancels the `PaymentIntent` of a payment that is voided, or whose capture was refused for good.
    pub(super) async fn void(&self, leased: &Payment, intent: &str) -> Result<Option<Payment>, StepError> {
        if leased.schedule.attempts > 1
            && let Some(after) = self.apply_final_state(leased, intent).await?
        {
            return Ok(Some(after));
        }
        match self.stripe.cancel(intent, &leased.idempotency_key("void")).await {
            Ok(view) => Ok(self.apply_state(leased, &view.state).await?),
            Err(error @ (StripeError::UnexpectedState | StripeError::Refused(_))) => {
                self.apply_final_state(leased, intent).await?.map(Some).ok_or_else(|| error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the `PaymentIntent`, and applies its state if that is final. Returns `None` if it is open.
    async fn apply_final_state(&self, leased: &Payment, intent: &str) -> Result<Option<Payment>, StepError> {
        let view = self.stripe.retrieve(intent).await?;
        if view.state.is_open() {
            return Ok(None);
        }
        Ok(self.apply_state(leased, &view.state).await?)
    }

    /// Refunds, once: Stripe refunds no more than was captured, whatever the key. A refund that Stripe refuses for good,
    /// or that fails at the bank, is left to the operator: after a dispute the bank has the money.
    pub(super) async fn refund(&self, leased: &Payment, intent: &str) -> Result<Option<Payment>, StepError> {
        let reply = match self.stripe.refund(intent, &leased.idempotency_key("refund")).await {
            Err(StripeError::Refused(why)) => {
                tracing::warn!(code = why.code, "Stripe refuses the refund");
                RefundReply::Refused
            }
            refund => refund?.map_or(RefundReply::NothingLeft, RefundReply::Created),
        };
        let view = self.stripe.retrieve(intent).await?;
        let after = self.apply_state(leased, &view.state).await?;
        let after = match after {
            Some(after) if after.status == PaymentStatus::Refunding => {
                self.refund_had_no_effect(&after, reply).await?
            }
            after => after,
        };
        if let Some(after) = &after {
            alert_of_failed_refund_or_dispute(leased, after);
        }
        Ok(after)
    }

    async fn refund_had_no_effect(
        &self,
        payment: &Payment,
        reply: RefundReply,
    ) -> Result<Option<Payment>, StepError> {
        // Under its key Stripe repeats the first reply, whatever became of the refund since. So the refund is read.
        let failed = match reply {
            RefundReply::Refused => true,
            RefundReply::Created(refund) => self.stripe.refund_has_failed(&refund).await?,
            RefundReply::NothingLeft => false,
        };
        if failed {
            return Ok(self.update(payment, Payment::refund_refused).await?);
        }
        // A refund before it has failed, so something is left for another one.
        let cause = "a refund was created, and money is left".to_owned();
        Err(StripeError::Transient { cause, kept_under_key: true, retry_after: None }.into())
    }
}
