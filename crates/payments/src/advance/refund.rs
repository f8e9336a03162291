//! The step that gives the money back.

use common::event::PaymentStatus;

use super::{Trouble, look};
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

impl Payments {
    /// Refunds, once: Stripe gives no more back than was taken, whatever the key. What Stripe refuses for good, or the
    /// bank does not take, is for a person; the buyer may have gone to their bank, and then the bank has the money.
    pub(super) async fn refund(&self, taken: &Payment, intent: &str) -> Result<Option<Payment>, Trouble> {
        let made = match self.stripe.refund(intent, &taken.idempotency_key("refund")).await {
            Err(Failure::Final(why)) => {
                tracing::warn!(code = why.code, "Stripe refuses the refund");
                None
            }
            made => Some(made?),
        };
        let seen = self.stripe.retrieve(intent).await?;
        let after = self.observe(taken, &seen.state).await?;
        let after = match after {
            Some(after) if after.status == PaymentStatus::Refunding => {
                self.refund_did_nothing(&after, made).await?
            }
            after => after,
        };
        if let Some(after) = &after {
            look::alert_of_refund(taken, after);
        }
        Ok(after)
    }

    /// The money is still there. `made`: the refund, or `None` if it was refused.
    async fn refund_did_nothing(
        &self,
        payment: &Payment,
        made: Option<Option<String>>,
    ) -> Result<Option<Payment>, Trouble> {
        // Under its key Stripe answers as it did at first, whatever became of the refund since; so it is looked at.
        let failed = match made {
            None => true,
            Some(Some(refund)) => self.stripe.refund_has_failed(&refund).await?,
            Some(None) => false,
        };
        if failed {
            return Ok(self.change(payment, Payment::refund_refused).await?);
        }
        // Another refund before it has failed, so there is something left for another one.
        let cause = "a refund was made, and money is still there".to_owned();
        Err(Failure::Transient { cause, kept: true, retry_after: None }.into())
    }
}
