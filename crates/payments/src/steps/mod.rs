//! The steps of a payment at Stripe: leased, performed, and the outcome committed; and the worker that runs them.
//!
//! An earlier attempt at a step may have reached Stripe without its outcome being committed. So a second attempt first
//! reads the state at Stripe; only if that is not final the call is made again, under the same key.

mod perform;
mod record;

pub(crate) use record::RecordOutcome;

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::event::PaymentStatus;
use common::{Decision, OrderId, PaymentId, Time, error_chain, trace};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use runtime::Worker;
use store::{Range, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, field};

use crate::domain::{IntentState, Payment, RunWhen};
use crate::metrics;
use crate::storage::{index, without_duplicates};
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

/// The largest number of steps in flight in one replica: slow calls to Stripe hold up this many, and the rest waits in
/// the database.
pub(crate) const MAX_IN_FLIGHT: usize = 32;

/// The longest sleep of the worker, so that it finds what another replica left behind.
const MAX_SLEEP: Duration = Duration::from_secs(5);

/// The delay after the database failed.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The worker that runs every step that is due. Several replicas may run it: a lease is a commit that one of them wins.
pub(crate) fn worker(payments: Payments) -> Worker {
    let running = payments.clone();
    Worker::new(
        "payment-steps",
        move |stop| async move { running.run_steps(stop).await },
        move || {
            let payments = payments.clone();
            async move { payments.is_idle().await }
        },
    )
}

impl Payments {
    async fn run_steps(&self, stop: CancellationToken) {
        let (mut in_flight, mut steps) = (HashSet::new(), JoinSet::new());
        loop {
            self.wake.run_started();
            let next = match self.spawn_due_steps(&mut in_flight, &mut steps).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(cause = error_chain(&error), "reading due payments failed; retrying");
                    self.clock.now().after(RETRY_DELAY)
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.wake.woken_before(next) => {}
                () = self.clock.sleep_until(next) => {}
                Some(ended) = steps.join_next_with_id() => match ended {
                    Ok((_, id)) => { in_flight.remove(&id); }
                    // A step that panicked is due again after its lease.
                    Err(_) => in_flight.clear(),
                },
            }
        }
        // Steps in flight are finished: their calls have a timeout, and so has the stop.
        while steps.join_next().await.is_some() {}
    }

    /// Spawns due steps up to the limit. Returns the time of the next read.
    async fn spawn_due_steps(
        &self,
        in_flight: &mut HashSet<PaymentId>,
        steps: &mut JoinSet<PaymentId>,
    ) -> Result<Time, StoreError> {
        let now = self.clock.now();
        // Payments in flight may still be in the index, so more are read.
        let page = self.store.batch(Range::of(index::BY_DUE, []).limit(2 * MAX_IN_FLIGHT)).await?;
        let mut next = now.after(MAX_SLEEP);
        for payment in page.items {
            let due = payment.schedule.due.unwrap_or(next);
            if due > now {
                next = next.min(due);
                break;
            }
            if steps.len() < MAX_IN_FLIGHT && in_flight.insert(payment.id) {
                let payments = self.clone();
                steps.spawn(async move {
                    payments.run_due_step(&payment).await;
                    payment.id
                });
            }
        }
        Ok(next)
    }

    async fn run_due_step(&self, payment: &Payment) {
        if let Err(error) = self.run_step(payment, RunWhen::Due).await {
            report_unstored(payment.id, &error);
            self.clock.sleep(RETRY_DELAY).await;
        }
    }

    /// Captures at once what this process has leased. If the outcome cannot be stored, the step is due again after its lease.
    pub(crate) async fn capture_leased(&self, leased: Payment, in_flight: InFlightGuard) {
        let id = leased.id;
        let followed = async {
            let after = self.run_leased(leased, &in_flight).await?;
            self.follow_after_step(after).await
        };
        if let Err(error) = followed.await {
            report_unstored(id, &error);
        }
    }

    /// Whether nothing is due and no step is in flight. A step that starts during the read makes the answer `false`.
    async fn is_idle(&self) -> bool {
        let started = self.steps_started.load(Ordering::SeqCst);
        if self.steps_in_flight.load(Ordering::SeqCst) > 0 {
            return false;
        }
        let due = Range::of(index::BY_DUE, []).at_most([self.clock.now().into()]).limit(1);
        let nothing_due = self.store.batch(due).await.is_ok_and(|page| page.items.is_empty());
        nothing_due && started == self.steps_started.load(Ordering::SeqCst)
    }

    /// Leases and performs the next step, if there is one. Returns the payment after it. Errors of Stripe are committed
    /// to the payment's schedule and never returned.
    pub(crate) async fn run_step(
        &self,
        payment: &Payment,
        when: RunWhen,
    ) -> Result<Option<Payment>, StoreError> {
        let in_flight = self.step_started();
        let mut leased = None;
        let lease = |payment: &Payment, now| {
            let decision = payment.lease(when, now);
            leased = decision.as_ref().map(|decision| decision.next.clone());
            decision
        };
        let after = self.update(payment, lease).await?;
        match leased {
            Some(leased) => {
                let after = self.run_leased(leased, &in_flight).await?;
                self.follow_after_step(after).await
            }
            None => Ok(after),
        }
    }

    /// Counts a step, from before the commit of its lease until the returned guard is dropped.
    pub(crate) fn step_started(&self) -> InFlightGuard {
        self.steps_started.fetch_add(1, Ordering::SeqCst);
        InFlightGuard::new(&self.steps_in_flight)
    }

    /// Performs a step that needs no commit before it: this process has leased it in the commit that made it the next one, or
    /// it is a poll on a hint.
    pub(crate) async fn run_leased(
        &self,
        leased: Payment,
        _in_flight: &InFlightGuard,
    ) -> Result<Option<Payment>, StoreError> {
        let span = tracing::info_span!(
            "step",
            payment = %leased.id,
            status = ?leased.status,
            attempt = leased.schedule.attempts,
            trace = field::Empty,
        );
        let trace = leased.trace.clone().or_else(trace::current);
        trace::follow(&span, trace.as_deref());
        trace::link(leased.trace.as_deref());
        trace::scope(trace, self.perform_and_record(&leased)).instrument(span).await
    }

    async fn perform_and_record(&self, leased: &Payment) -> Result<Option<Payment>, StoreError> {
        let start = self.clock.now();
        let result = self.perform(leased).await;
        metrics::record_step(leased, &result, self.clock.now() - start);
        match result {
            Ok(after) => Ok(after),
            Err(StepError::Store(error)) => Err(error),
            Err(StepError::Stripe(error)) => {
                tracing::warn!(%error, "a call to Stripe failed; the step will be retried");
                let (key_used_up, retry_after) = (error.uses_up_the_key(), error.retry_after());
                let failed =
                    |payment: &Payment, now| payment.attempt_failed(leased, key_used_up, retry_after, now);
                self.update(leased, failed).await
            }
        }
    }

    /// Follows a hint that something has happened at Stripe. A poll is not leased: it changes nothing at Stripe, and the
    /// commit of its outcome decides between simultaneous ones.
    pub(crate) async fn on_hint(&self, payment: &Payment) -> Result<Option<Payment>, StoreError> {
        let now = self.clock.now();
        match payment.hinted(now) {
            Some(hinted) => self.run_leased(hinted, &self.step_started()).await,
            // The hint may be about the step in progress, which reads its outcome itself.
            None if payment.has_lease(now) => Ok(Some(payment.clone())),
            None => self.run_step(payment, RunWhen::Now).await,
        }
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

    /// Lets a payment follow an order that was cancelled or accepted before or during the step: it may have missed the order's
    /// event, and the consumer leaves a leased capture alone. The first steps of a purchase need no such look, since the
    /// consumer of the event finds their payment.
    async fn follow_after_step(&self, after: Option<Payment>) -> Result<Option<Payment>, StoreError> {
        let Some(after) = after else { return Ok(None) };
        let Some(order) = self.orders.get(after.order_id).await? else { return Ok(Some(after)) };
        let follow = |payment: &Payment, now| {
            // A process that has leased the next step comes here after it.
            let free = !payment.schedule.leased;
            free.then(|| payment.on_order_event(&order.state.status, now)).flatten()
        };
        // Saves the read of a payment that has followed its order already.
        if order.is_cancelled() || follow(&after, self.clock.now()).is_some() {
            self.update(&after, follow).await
        } else {
            Ok(Some(after))
        }
    }

    /// Commits the consequence of the `PaymentIntent`'s state for a capture or a void, whatever the order is now. Returns the
    /// payment after it.
    async fn apply_state(
        &self,
        leased: &Payment,
        state: &IntentState,
    ) -> Result<Option<Payment>, StoreError> {
        self.update(leased, |payment, now| payment.on_intent_state(state, false, now)).await
    }

    pub(crate) async fn order_is_cancelled(&self, id: OrderId) -> Result<bool, StoreError> {
        Ok(self.orders.get(id).await?.is_some_and(|order| order.is_cancelled()))
    }

    /// Commits the decision on the payment, if there is one, and wakes the worker for its next step. Reads the payment only if
    /// `known` is outdated, or if `known` needs no decision.
    pub(crate) async fn update(
        &self,
        known: &Payment,
        mut decide: impl FnMut(&Payment, Time) -> Option<Decision<Payment>>,
    ) -> Result<Option<Payment>, StoreError> {
        let now = self.clock.now();
        let mut totals = None;
        let decide = |payment: Option<&Payment>| {
            let decision = payment.and_then(|payment| decide(payment, now));
            totals = payment.filter(|_| decision.is_some()).map(|payment| payment.totals);
            decision
        };
        let after = self.store.apply_from(known, decide).await.map_err(without_duplicates)?;
        if let (Some(totals), Some(after)) = (totals, &after) {
            metrics::record_money(totals, after);
        }
        if let Some(due) = after.as_ref().and_then(|payment| payment.schedule.due) {
            self.wake.time_stored(due);
        }
        Ok(after)
    }
}

fn report_unstored(payment: PaymentId, error: &StoreError) {
    let cause = error_chain(error);
    tracing::warn!(%payment, cause, "storing a payment's step failed; retrying");
}
