//! Compares one `PaymentIntent` with its payment, or with none.

use common::Decision;
use common::event::PaymentStatus;
use store::CommitError;

use super::{ReconcileError, Report};
use crate::Payments;
use crate::domain::{IntentState, IntentView, Payment, RunWhen};
use crate::steps::RecordOutcome;
use crate::stripe::Listed;

impl Payments {
    /// A payment and its own `PaymentIntent`.
    pub(super) async fn compare_matched(
        &self,
        payment: &Payment,
        view: &IntentView,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        if matches!(view.state, IntentState::RequiresCapture { .. }) {
            report.open_authorizations += 1;
        }
        if payment.schedule.due.is_some() {
            self.catch_up(payment, view, report).await
        } else {
            self.compare_final(payment, view, report).await
        }
    }

    /// Runs the next step now if Stripe or the order is ahead of the payment.
    async fn catch_up(
        &self,
        payment: &Payment,
        view: &IntentView,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        use PaymentStatus as Is;
        let stripe_is_ahead = match view.state {
            IntentState::RequiresCapture { .. } => payment.status == Is::RequiresPayment,
            IntentState::Succeeded(_) => {
                matches!(payment.status, Is::RequiresPayment | Is::Capturing | Is::Voiding)
            }
            IntentState::Canceled => {
                matches!(payment.status, Is::RequiresPayment | Is::Authorized | Is::Capturing)
            }
            IntentState::RequiresPaymentMethod(_) | IntentState::RequiresAction | IntentState::Processing => {
                false
            }
        };
        let cancelled = self.order_is_cancelled(payment.order_id).await?;
        let order_is_ahead = cancelled && matches!(payment.status, Is::RequiresPayment | Is::Authorized);
        if !stripe_is_ahead && !order_is_ahead {
            return Ok(());
        }
        self.follow_order(payment.order_id).await?;
        let after = self.run_step(payment, RunWhen::Now).await?;
        if let Some(after) = after.filter(|after| after.status != payment.status) {
            let (id, was, is) = (payment.id, payment.status, after.status);
            report.corrected(format!(
                "payment {id} had missed a change at Stripe: it was {was:?} and is {is:?}"
            ));
        }
        Ok(())
    }

    /// A payment without a next step: nothing may be open, and the books must agree.
    async fn compare_final(
        &self,
        payment: &Payment,
        view: &IntentView,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let (id, intent, status) = (payment.id, &view.intent.id, payment.status);
        let took_nothing = matches!(status, PaymentStatus::Voided | PaymentStatus::Failed);
        match &view.state {
            IntentState::Canceled if took_nothing => {}
            IntentState::Succeeded(totals) => {
                if totals.taken != payment.amount.amount {
                    report.for_operator(format!(
                        "payment {id} is {}, and {intent} captured another amount",
                        payment.amount
                    ));
                }
                if matches!(self.record(payment, view).await?, RecordOutcome::Changed) {
                    report.corrected(format!(
                        "money of payment {id} had moved at Stripe without our books; it was {status:?}"
                    ));
                }
            }
            _ if took_nothing => {
                self.cancel_orphan(payment, view).await?;
                report.corrected(format!(
                    "{intent} of payment {id}, which is {status:?}, was still open; it is canceled"
                ));
            }
            state => report.for_operator(format!("payment {id} is {status:?}, and {intent} is {state:?}")),
        }
        Ok(())
    }

    /// A `PaymentIntent` that names a payment which is lost, or has another `PaymentIntent`, or none yet.
    pub(super) async fn compare_unmatched(
        &self,
        listed: &Listed,
        payment: Option<&Payment>,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let intent = &listed.view.intent.id;
        if matches!(listed.view.state, IntentState::RequiresCapture { .. }) {
            report.open_authorizations += 1;
        }
        match payment {
            // The step that creates the `PaymentIntent` searches before it creates another.
            Some(payment) if payment.is_to_be_created() => {
                self.run_step(payment, RunWhen::Now).await?;
                Ok(())
            }
            Some(payment) => self.void_orphan(listed, Some(payment), report).await,
            None => match self.restore(listed).await? {
                Some(restored) => {
                    self.run_step(&restored, RunWhen::Now).await?;
                    self.follow_order(restored.order_id).await?;
                    report.corrected(format!(
                        "{intent} had no payment; payment {} of order {} is restored from it",
                        restored.id, restored.order_id
                    ));
                    Ok(())
                }
                None => self.void_orphan(listed, None, report).await,
            },
        }
    }

    /// Restores the lost payment of an order that has no other.
    async fn restore(&self, listed: &Listed) -> Result<Option<Payment>, ReconcileError> {
        let Some(order) = listed.order else { return Ok(None) };
        let Some(order) = self.orders.get(order).await? else { return Ok(None) };
        let Decision { next, .. } =
            Payment::restore(listed.payment, &order.state, listed.view.intent.clone(), self.clock.now());
        match self.store.commit_over(0, Decision::without_event(next)).await {
            Ok(payment) => Ok(Some(payment)),
            // The order has another payment, or another replica was first.
            Err(CommitError::DuplicateKey(_) | CommitError::Conflict) => Ok(None),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// Voids or refunds a `PaymentIntent` that can buy nothing.
    async fn void_orphan(
        &self,
        listed: &Listed,
        payment: Option<&Payment>,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let (intent, id) = (&listed.view.intent.id, listed.payment);
        match &listed.view.state {
            IntentState::Canceled => {}
            IntentState::Succeeded(totals) if totals.left() <= 0 => {}
            IntentState::Succeeded(_) if payment.is_some() => {
                self.stripe.refund(intent, &format!("{id}-stray-refund-{intent}")).await?;
                report.corrected(format!("{intent} took money beside the payment {id}; it is refunded"));
            }
            IntentState::Succeeded(_) => {
                report.for_operator(format!("{intent} took money for the payment {id}, which is unknown"));
            }
            _ => {
                self.cancel_intent(id, intent).await?;
                report
                    .corrected(format!("{intent} was open, and belongs to no payment {id}; it is canceled"));
            }
        }
        Ok(())
    }
}
