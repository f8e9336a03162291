//! A payment and its own `PaymentIntent`.

use common::event::PaymentStatus;

use super::{ReconcileError, Report};
use crate::Payments;
use crate::advance::{Booked, Urgency};
use crate::domain::{IntentState, Payment, Seen};

impl Payments {
    /// Compares them, and has the payment follow what Stripe says.
    pub(super) async fn compare_known(
        &self,
        payment: &Payment,
        seen: &Seen,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        if seen.state == IntentState::RequiresCapture {
            report.open_authorizations += 1;
        }
        if payment.work.due.is_some() {
            self.catch_up(payment, seen, report).await
        } else {
            self.compare_settled(payment, seen, report).await
        }
    }

    /// There is still something to do: the steps do it, once they are told that it can be done now.
    async fn catch_up(
        &self,
        payment: &Payment,
        seen: &Seen,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        use PaymentStatus as Is;
        let over = self.order_is_over(payment.order_id).await?;
        let is_news = match seen.state {
            IntentState::RequiresCapture => payment.status == Is::RequiresPayment,
            IntentState::Succeeded(_) => {
                matches!(payment.status, Is::RequiresPayment | Is::Capturing | Is::Voiding)
            }
            IntentState::Canceled => {
                matches!(payment.status, Is::RequiresPayment | Is::Authorized | Is::Capturing)
            }
            _ => false,
        };
        let missed = is_news || (over && matches!(payment.status, Is::RequiresPayment | Is::Authorized));
        if !missed {
            return Ok(());
        }
        self.follow_order(payment.order_id).await?;
        let after = self.advance(payment, Urgency::Now).await?;
        if let Some(after) = after.filter(|after| after.status != payment.status) {
            let (id, was, is) = (payment.id, payment.status, after.status);
            report.healed(format!(
                "payment {id} had missed what happened at Stripe: it was {was:?} and is {is:?}"
            ));
        }
        Ok(())
    }

    /// It is at its end: nothing may be open, and the books must be right.
    async fn compare_settled(
        &self,
        payment: &Payment,
        seen: &Seen,
        report: &mut Report,
    ) -> Result<(), ReconcileError> {
        let (id, intent, status) = (payment.id, &seen.intent.id, payment.status);
        let took_nothing = matches!(status, PaymentStatus::Voided | PaymentStatus::Failed);
        match &seen.state {
            IntentState::Canceled if took_nothing => {}
            IntentState::Succeeded(moved) => {
                if moved.taken != payment.amount.amount {
                    report.unhealed(format!(
                        "payment {id} is {}, and {intent} took another amount",
                        payment.amount
                    ));
                }
                if matches!(self.book(payment, seen).await?, Booked::Changed) {
                    report.healed(format!(
                        "money of payment {id} had moved at Stripe without our books; it was {status:?}"
                    ));
                }
            }
            _ if took_nothing => {
                self.cancel_stray(payment, seen).await?;
                report.healed(format!(
                    "{intent} of payment {id}, which is {status:?}, was still open; it is canceled"
                ));
            }
            state => report.unhealed(format!("payment {id} is {status:?}, and {intent} is {state:?}")),
        }
        Ok(())
    }
}
