//! The steps of a payment at Stripe: leased, performed, and the outcome committed.
//!
//! An earlier attempt at a step may have reached Stripe without its outcome being committed. So a second attempt first
//! reads the state at Stripe; only if that is not final the call is made again, under the same key.

mod create;
mod perform;
mod poll;

pub(crate) use poll::RecordOutcome;

use std::sync::atomic::Ordering;

use common::event::PaymentStatus;
use common::{Decision, OrderId, Time};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use store::StoreError;
use tracing::Instrument;

use crate::domain::{IntentState, Payment, RunWhen};
use crate::storage::without_duplicates;
use crate::stripe::StripeError;
use crate::{InFlightGuard, Payments};

/// The reason why a step has no outcome.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    /// Stripe failed; the step is retried.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// The database failed; the step is due again after its lease.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Payments {
    /// Leases and performs the next step, if there is one. Returns the payment after it. Errors of Stripe are committed
    /// to the payment's schedule and never returned.
    pub(crate) async fn run_step(
        &self,
        payment: &Payment,
        when: RunWhen,
    ) -> Result<Option<Payment>, StoreError> {
        self.steps_started.fetch_add(1, Ordering::SeqCst);
        let _in_flight = InFlightGuard::new(&self.steps_in_flight);
        let mut leased = None;
        let lease = |payment: &Payment, now| {
            let decision = payment.lease(when, now);
            leased = decision.as_ref().map(|decision| decision.next.clone());
            decision
        };
        let after = self.update(payment, lease).await?;
        let Some(leased) = leased else { return Ok(after) };
        let span = tracing::info_span!(
            "step",
            payment = %leased.id,
            status = ?leased.status,
            attempt = leased.schedule.attempts
        );
        let result = self.perform(&leased).instrument(span.clone()).await;
        self.follow_up(leased, result).instrument(span).await
    }

    /// Performs the step. Returns the payment after it. Boxed, because replies of Stripe are large.
    fn perform<'a>(&'a self, leased: &'a Payment) -> BoxFuture<'a, Result<Option<Payment>, StepError>> {
        let Some(intent) = &leased.intent else { return self.create(leased).boxed() };
        match leased.status {
            PaymentStatus::RequiresPayment | PaymentStatus::Authorized => {
                self.poll(leased, &intent.id).boxed()
            }
            PaymentStatus::Capturing if leased.abandoning => self.void(leased, &intent.id).boxed(),
            PaymentStatus::Capturing => self.capture(leased, &intent.id).boxed(),
            PaymentStatus::Voiding => self.void(leased, &intent.id).boxed(),
            PaymentStatus::Refunding => self.refund(leased, &intent.id).boxed(),
            PaymentStatus::Captured
            | PaymentStatus::Refunded
            | PaymentStatus::Voided
            | PaymentStatus::Failed => ready(Ok(Some(leased.clone()))).boxed(),
        }
    }

    /// Commits the failure of an attempt, and lets the payment follow an order that was cancelled meanwhile.
    async fn follow_up(
        &self,
        leased: Payment,
        result: Result<Option<Payment>, StepError>,
    ) -> Result<Option<Payment>, StoreError> {
        let after = match result {
            Ok(after) => after,
            Err(StepError::Store(error)) => return Err(error),
            Err(StepError::Stripe(error)) => {
                tracing::warn!(%error, "a call to Stripe failed; the step will be retried");
                let (key_used_up, retry_after) = (error.uses_up_the_key(), error.retry_after());
                let failed =
                    |payment: &Payment, now| payment.attempt_failed(&leased, key_used_up, retry_after, now);
                self.update(&leased, failed).await?
            }
        };
        // Read after the step: the consumer leaves the payment of a cancelled order alone while its step is leased.
        let cancelled = self.order_is_cancelled(leased.order_id).await?;
        let after = match after {
            Some(after) if cancelled => {
                let follow = |payment: &Payment, now| {
                    // A process that has leased the next step comes here after it.
                    (!payment.schedule.leased).then(|| payment.on_order_cancelled(now)).flatten()
                };
                self.update(&after, follow).await?
            }
            after => after,
        };
        self.step_due.notify_one();
        Ok(after)
    }

    /// Commits the consequence of the `PaymentIntent`'s state. Returns the payment after it.
    async fn apply_state(
        &self,
        leased: &Payment,
        state: &IntentState,
    ) -> Result<Option<Payment>, StoreError> {
        // Read after Stripe's reply: the authorization of an order that was cancelled before it must not be published.
        let cancelled = self.order_is_cancelled(leased.order_id).await?;
        self.update(leased, |payment, now| payment.on_intent_state(state, cancelled, now)).await
    }

    pub(crate) async fn order_is_cancelled(&self, id: OrderId) -> Result<bool, StoreError> {
        Ok(self.orders.get(id).await?.is_some_and(|order| order.is_cancelled()))
    }

    /// Commits the decision on the payment, if there is one. Reads the payment only if `known` is outdated, or if `known`
    /// needs no decision.
    pub(crate) async fn update(
        &self,
        known: &Payment,
        mut decide: impl FnMut(&Payment, Time) -> Option<Decision<Payment>>,
    ) -> Result<Option<Payment>, StoreError> {
        let now = self.clock.now();
        let decide = |payment: Option<&Payment>| payment.and_then(|payment| decide(payment, now));
        self.store.apply_from(known, decide).await.map_err(without_duplicates)
    }
}
