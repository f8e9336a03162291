//! The step that gives the money back.

use common::event::PaymentStatus;

use super::{Trouble, look};
use crate::Payments;
use crate::domain::Payment;
use crate::stripe::Failure;

/// What Stripe said when it was asked for a refund.
enum Answer {
    Refused,
    /// The refund of this id was made.
    BuiltService(String),
    NothingLeft,
}

impl Payments {
    /// Refunds, once: Stripe gives no more back than was taken, whatever the key. What Stripe refuses for good, or the
    /// bank does not take, is for a person; the buyer may have gone to their bank, and then the bank has the money.
    pub(super) async fn refund(&self, taken: &Payment, intent: &str) -> Result<Option<Payment>, Trouble> {
        let answer = match self.stripe.refund(intent, &taken.idempotency_key("refund")).await {
            Err(Failure::Final(why)) => {
                tracing::warn!(code = why.code, "Stripe refuses the refund");
                Answer::Refused
            }
            made => made?.map_or(Answer::NothingLeft, Answer::BuiltService),
        };
        let seen = self.stripe.retrieve(intent).await?;
        let after = self.observe(taken, &seen.state).await?;
        let after = match after {
            Some(after) if after.status == PaymentStatus::Refunding => {
                self.refund_did_nothing(&after, answer).await?
            }
            after => after,
        };
        if let Some(after) = &after {
            look::alert_of_refund(taken, after);
        }
        Ok(after)
    }

    /// The money is still there.
    async fn refund_did_nothing(
        &self,
        payment: &Payment,
        answer: Answer,
    ) -> Result<Option<Payment>, Trouble> {
        // Under its key Stripe answers as it did at first, whatever became of the refund since; so it is looked at.
        let failed = match answer {
            Answer::Refused => true,
            Answer::BuiltService(refund) => self.stripe.refund_has_failed(&refund).await?,
            Answer::NothingLeft => false,
        };
        if failed {
            return Ok(self.update(payment, Payment::refund_refused).await?);
        }
        // Another refund before it has failed, so there is something left for another one.
        let cause = "a refund was made, and money is still there".to_owned();
        Err(Failure::Transient { cause, kept: true, retry_after: None }.into())
    }
}
