//! One step of a payment before the card processor: taken, performed, and its outcome committed.
//!
//! A step that was taken before may have been performed without anybody hearing of it. So it begins with a look at
//! what is there, and only if that decides nothing the call is made again, under the same key.

mod cancel;
mod capture;
mod create;
mod look;
mod reconcile;
mod refund;

pub(crate) use look::Booked;

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::event::{OrderStatus, PaymentStatus};
use common::{Decision, OrderId, Time};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use store::{StoreError, UpdateError};
use tracing::Instrument;

use crate::Payments;
use crate::domain::{IntentState, Payment};
use crate::stripe::Failure;

/// Whether a step may be taken before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// There is reason to believe that it succeeds now.
    Now,
    /// Not before it is due.
    WhenDue,
}

/// Why a step did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Stripe; the step is repeated.
    #[error(transparent)]
    Stripe(#[from] Failure),
    /// Our own database; the step is due again when its lease is over.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Payments {
    /// Takes and performs the next step, if there is one; the payment as it is afterwards. Failures of the card
    /// processor are noted in the payment and never returned.
    pub(crate) async fn advance(
        &self,
        payment: &Payment,
        urgency: Urgency,
    ) -> Result<Option<Payment>, StoreError> {
        let _under_way = UnderWay::begin(self);
        let id = payment.id;
        let mut taken = None;
        let now = self.clock.now();
        let after = self
            .update(payment, |payment, _| {
                let decision = payment.take(urgency == Urgency::Now, now);
                taken = decision.as_ref().map(|decision| decision.next.clone());
                decision
            })
            .await?;
        let Some(taken) = taken else { return Ok(after) };
        let span =
            tracing::info_span!("step", payment = %id, status = ?taken.status, attempt = taken.work.attempts);
        let result = self.perform(&taken).instrument(span.clone()).await;
        self.follow_up(taken, result).instrument(span).await
    }

    /// Performs the step; the payment as it is afterwards. Boxed: what Stripe may answer is large.
    fn perform<'a>(&'a self, taken: &'a Payment) -> BoxFuture<'a, Result<Option<Payment>, Trouble>> {
        let Some(intent) = &taken.intent else { return self.create(taken).boxed() };
        match taken.status {
            PaymentStatus::RequiresPayment | PaymentStatus::Authorized => {
                self.reconcile(taken, &intent.id).boxed()
            }
            PaymentStatus::Capturing if taken.giving_up => self.cancel(taken, &intent.id).boxed(),
            PaymentStatus::Capturing => self.capture(taken, &intent.id).boxed(),
            PaymentStatus::Voiding => self.cancel(taken, &intent.id).boxed(),
            PaymentStatus::Refunding => self.refund(taken, &intent.id).boxed(),
            _ => ready(Ok(Some(taken.clone()))).boxed(),
        }
    }

    /// Notes a failure; and if the order ended while the step was performed, lets the payment follow it.
    async fn follow_up(
        &self,
        taken: Payment,
        result: Result<Option<Payment>, Trouble>,
    ) -> Result<Option<Payment>, StoreError> {
        let after = match result {
            Ok(after) => after,
            Err(Trouble::Store(error)) => return Err(error),
            Err(Trouble::Stripe(failure)) => {
                tracing::warn!(%failure, "a call to Stripe failed; the step will be repeated");
                let (key_used_up, retry_after) = (failure.uses_up_the_key(), failure.retry_after());
                let miss = |payment: &Payment, now| payment.missed(&taken, key_used_up, retry_after, now);
                self.update(&taken, miss).await?
            }
        };
        // Read now, not before the step: of an order that ends meanwhile, whoever hears of it leaves a step that is in
        // somebody's hands to them.
        let over = self.order_is_over(taken.order_id).await?;
        let after = match after {
            Some(after) if over => {
                let follow = |payment: &Payment, now| {
                    // Whoever has taken the next step comes here after it.
                    (!payment.work.taken).then(|| payment.order_cancelled(now)).flatten()
                };
                self.update(&after, follow).await?
            }
            after => after,
        };
        self.step_due.notify_one();
        Ok(after)
    }

    /// Commits what was seen of the `PaymentIntent`; the payment as it is afterwards.
    async fn observe(&self, taken: &Payment, state: &IntentState) -> Result<Option<Payment>, StoreError> {
        // Read after Stripe has answered: an order that had ended by then must not be told of an authorization.
        let over = self.order_is_over(taken.order_id).await?;
        self.update(taken, |payment, now| payment.observe(state, over, now)).await
    }

    pub(crate) async fn order_is_over(&self, id: OrderId) -> Result<bool, StoreError> {
        let order = self.orders.get(id).await?;
        Ok(order.is_some_and(|order| order.state.status == OrderStatus::Cancelled))
    }

    /// Commits what `decide` makes of the payment, if anything; it is read again only if it has changed since it was
    /// read, or if nothing is to be done about it as it was.
    pub(crate) async fn update(
        &self,
        known: &Payment,
        mut decide: impl FnMut(&Payment, Time) -> Option<Decision<Payment>>,
    ) -> Result<Option<Payment>, StoreError> {
        let now = self.clock.now();
        let decide =
            |payment: Option<&Payment>| Ok::<_, Infallible>(payment.and_then(|payment| decide(payment, now)));
        let changed = self.payments.update_from(known, decide).await;
        changed.map_err(|error| match error {
            UpdateError::Store(error) => error,
            UpdateError::DuplicateKey(claim) => {
                StoreError::Unreadable(format!("the claim `{claim}` is taken by another payment").into())
            }
            UpdateError::Refused(never) => match never {},
        })
    }
}

/// Counts a step while it is performed.
struct UnderWay<'a>(&'a AtomicUsize);

impl<'a> UnderWay<'a> {
    fn begin(payments: &'a Payments) -> Self {
        payments.begun.fetch_add(1, Ordering::SeqCst);
        payments.under_way.fetch_add(1, Ordering::SeqCst);
        Self(&payments.under_way)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
