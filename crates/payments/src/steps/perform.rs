//! The steps that capture, void and refund.

use common::event::PaymentStatus;

use super::{StepError, poll};
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::StripeError;

/// Stripe's reply to a refund.
enum RefundReply {
    Refused,
    /// The id of the refund.
    Created(String),
    NothingLeft,
}

impl Payments {
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
            poll::alert_of_failed_refund_or_dispute(leased, after);
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
