//! Refunds and disputes of captured payments: recorded on a hint of a webhook, or by the reconciliation.

use metrics::counter;

use super::StepError;
use crate::Payments;
use crate::domain::{IntentView, Payment};

/// The largest number of polls because the payment changed meanwhile.
const MAX_POLLS: usize = 5;

/// The outcome of [`Payments::record`].
pub(crate) enum RecordOutcome {
    Changed,
    Unchanged,
    /// The payment has changed since it was read.
    Outdated(Box<Payment>),
}

impl Payments {
    /// Reads the present state of a payment without a next step, and records refunds and disputes.
    pub(crate) async fn poll_refunds_and_disputes(&self, payment: &Payment) -> Result<(), StepError> {
        let mut payment = payment.clone();
        for _ in 0..MAX_POLLS {
            let Some(intent) = payment.intent.clone().filter(|_| payment.schedule.due.is_none()) else {
                break;
            };
            let view = self.stripe.retrieve(&intent.id).await?;
            match self.record(&payment, &view).await? {
                RecordOutcome::Changed | RecordOutcome::Unchanged => break,
                RecordOutcome::Outdated(newer) => payment = *newer,
            }
        }
        Ok(())
    }

    /// Records the state that was read after `payment`. A change since then may come from a newer state.
    pub(crate) async fn record(
        &self,
        payment: &Payment,
        view: &IntentView,
    ) -> Result<RecordOutcome, StepError> {
        let cancelled = self.order_is_cancelled(payment.order_id).await?;
        let mut changed = None;
        let after = self
            .update(payment, |present, now| {
                let decision = present.on_intent_state(&view.state, cancelled, now);
                let decision = decision.filter(|_| present.version == payment.version);
                changed = decision.as_ref().map(|decision| decision.next.version);
                decision
            })
            .await?;
        Ok(match after {
            Some(after) if changed == Some(after.version) => {
                alert(payment, &after);
                RecordOutcome::Changed
            }
            Some(after) if after.version != payment.version => RecordOutcome::Outdated(Box::new(after)),
            _ => RecordOutcome::Unchanged,
        })
    }
}

/// Alerts the operator of money that this service did not move.
fn alert(before: &Payment, after: &Payment) {
    alert_of_failed_refund_or_dispute(before, after);
    let (payment, order) = (after.id, after.order_id);
    if after.failed_refunds == before.failed_refunds && after.totals.refunded != before.totals.refunded {
        counter!("payment_external_refunds_total").increment(1);
        tracing::error!(%payment, %order, "money was refunded at Stripe; this service did not ask for it");
    }
}

/// Alerts the operator of a refund that failed, and of a dispute.
pub(super) fn alert_of_failed_refund_or_dispute(before: &Payment, after: &Payment) {
    let (payment, order) = (after.id, after.order_id);
    if after.totals.dispute != before.totals.dispute {
        counter!("payment_disputes_total").increment(1);
        let dispute = after.totals.dispute;
        tracing::error!(%payment, %order, ?dispute, "a buyer disputes a payment; answer the dispute at Stripe");
    }
    if after.failed_refunds > before.failed_refunds {
        counter!("payment_refunds_failed_total").increment(1);
        tracing::error!(%payment, %order, "a refund failed; find another way to refund the buyer");
    }
}
