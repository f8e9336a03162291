//! A look at the money of a payment at which nothing is left to do: somebody may have given it back at Stripe, or the
//! buyer may have gone to their bank.

use metrics::counter;

use super::Trouble;
use crate::Payments;
use crate::domain::{Payment, Seen};

/// How often a look is repeated because the payment changed meanwhile.
const MOST_LOOKS: usize = 5;

impl Payments {
    /// Asks Stripe and books what moved. `true`: something did.
    pub(crate) async fn look_at_settled(&self, payment: &Payment) -> Result<bool, Trouble> {
        let mut payment = payment.clone();
        for _ in 0..MOST_LOOKS {
            let Some(intent) = payment.intent.clone().filter(|_| payment.work.due.is_none()) else { break };
            let seen = self.stripe.retrieve(&intent.id).await?;
            match self.book(&payment, &seen).await? {
                Booked::Changed => return Ok(true),
                Booked::Unchanged => return Ok(false),
                Booked::Outdated(newer) => payment = *newer,
            }
        }
        Ok(false)
    }

    /// Books what was seen after `payment` was read. What changed meanwhile may have been decided on a newer look.
    pub(crate) async fn book(&self, payment: &Payment, seen: &Seen) -> Result<Booked, Trouble> {
        let over = self.order_is_over(payment.order_id).await?;
        let mut changed = None;
        let after = self
            .update(payment, |present, now| {
                let decision = present.observe(&seen.state, over, now);
                let decision = decision.filter(|_| present.version == payment.version);
                changed = decision.as_ref().map(|decision| decision.next.version);
                decision
            })
            .await?;
        self.step_due.notify_one();
        Ok(match after {
            Some(after) if changed == Some(after.version) => {
                alert(payment, &after);
                Booked::Changed
            }
            Some(after) if after.version != payment.version => Booked::Outdated(Box::new(after)),
            _ => Booked::Unchanged,
        })
    }
}

/// What came of a look.
pub(crate) enum Booked {
    Changed,
    Unchanged,
    /// Somebody changed the payment since it was read.
    Outdated(Box<Payment>),
}

/// Somebody must know: money moved that this service did not move.
fn alert(before: &Payment, after: &Payment) {
    alert_of_refund(before, after);
    let (payment, order) = (after.id, after.order_id);
    if after.failed_refunds == before.failed_refunds && after.moved.refunded != before.moved.refunded {
        counter!("payment_external_refunds_total").increment(1);
        tracing::error!(%payment, %order, "money was given back at Stripe; this service did not ask for it");
    }
}

/// Somebody must know: what this service wants to give back does not arrive, or the buyer has gone to their bank.
pub(super) fn alert_of_refund(before: &Payment, after: &Payment) {
    let (payment, order) = (after.id, after.order_id);
    if after.moved.dispute != before.moved.dispute {
        counter!("payment_disputes_total").increment(1);
        let dispute = after.moved.dispute;
        tracing::error!(%payment, %order, ?dispute, "a buyer disputes a payment; answer it at Stripe");
    }
    if after.failed_refunds > before.failed_refunds {
        counter!("payment_refunds_failed_total").increment(1);
        tracing::error!(%payment, %order, "a refund did not reach the buyer; find another way to give the money back");
    }
}
