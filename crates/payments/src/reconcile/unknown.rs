//! A `PaymentIntent` that says it is of a payment of ours, which does not know it.

use common::Decision;
use store::CommitError;

use super::{ReconcileError, Report};
use crate::Payments;
use crate::advance::Urgency;
use crate::domain::{IntentState, Payment};
use crate::stripe::Listed;

impl Payments {
    /// `payment`: the one that it names, which has another `PaymentIntent` or none yet.
    pub(super) async fn compare_unknown(
        &self,
        listed: &Listed,
        payment: Option<&Payment>,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let intent = &listed.seen.intent.id;
        if listed.seen.state == IntentState::RequiresCapture {
            report.open_authorizations += 1;
        }
        match payment {
            // The step that creates it looks for it before it creates another.
            Some(payment) if payment.is_to_be_created() => {
                self.advance(payment, Urgency::Now).await?;
                Ok(())
            }
            Some(payment) => self.let_go(listed, Some(payment), report).await,
            None => match self.restored(listed).await? {
                Some(restored) => {
                    self.advance(&restored, Urgency::Now).await?;
                    self.follow_order(restored.order_id).await?;
                    report.healed(format!(
                        "{intent} had no payment; it is the payment {} of the order {} again",
                        restored.id, restored.order_id
                    ));
                    Ok(())
                }
                None => self.let_go(listed, None, report).await,
            },
        }
    }

    /// Its order has no payment, so this is it.
    async fn restored(&self, listed: &Listed) -> Result<Option<Payment>, ReconcileError> {
        let Some(order) = listed.order else { return Ok(None) };
        let Some(order) = self.orders.get(order).await? else { return Ok(None) };
        let Decision { next, .. } =
            Payment::restore(listed.payment, &order.state, listed.seen.intent.clone(), self.clock.now());
        match self.payments.commit(Decision::without_event(next)).await {
            Ok(payment) => Ok(Some(payment)),
            // Its order has another one; or another replica was first.
            Err(CommitError::DuplicateKey(_) | CommitError::Conflict) => Ok(None),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Nobody can buy anything with it: what it holds is let go of, and what it took goes back.
    async fn let_go(
        &self,
        listed: &Listed,
        payment: Option<&Payment>,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let (intent, id) = (&listed.seen.intent.id, listed.payment);
        match &listed.seen.state {
            IntentState::Canceled => {}
            IntentState::Succeeded(moved) if moved.left() <= 0 => {}
            IntentState::Succeeded(_) if payment.is_some() => {
                self.stripe.refund(intent, &format!("{id}-stray-refund-{intent}")).await?;
                report.healed(format!("{intent} took money beside the payment {id}; it went back"));
            }
            IntentState::Succeeded(_) => {
                report
                    .unhealed(format!("{intent} took money for the payment {id}, of which we know nothing"));
            }
            _ => {
                self.cancel_intent(id, intent).await?;
                report.healed(format!("{intent} was open, and no payment {id} goes with it; it is canceled"));
            }
        }
        Ok(())
    }
}
