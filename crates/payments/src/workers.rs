//! The worker that runs every step that is due.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{PaymentId, Time, error_chain};
use runtime::Worker;
use store::{Range, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Payments;
use crate::domain::{Payment, RunWhen};
use crate::storage::index;

/// The largest number of steps in flight in one replica: slow calls to Stripe hold up this many, and the rest waits in
/// the database.
const MAX_IN_FLIGHT: usize = 32;

/// The longest sleep of the worker, so that it finds what another replica left behind.
const MAX_SLEEP: Duration = Duration::from_secs(5);

/// The delay after the database failed.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The worker. Several replicas may run it: a lease is a commit that one of them wins.
pub(crate) fn steps(payments: Payments) -> Worker {
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
            let wake = match self.spawn_due_steps(&mut in_flight, &mut steps).await {
                Ok(wake) => wake,
                Err(error) => {
                    tracing::warn!(cause = error_chain(&error), "reading due payments failed; retrying");
                    self.clock.now().after(RETRY_DELAY)
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.step_due.notified() => {}
                () = self.clock.sleep_until(wake) => {}
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
        let page = self.store.page(Range::of(index::BY_DUE, []).limit(2 * MAX_IN_FLIGHT)).await?;
        let mut wake = now.after(MAX_SLEEP);
        for payment in page.items {
            let due = payment.schedule.due.unwrap_or(wake);
            if due > now {
                wake = wake.min(due);
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
        Ok(wake)
    }

    async fn run_due_step(&self, payment: &Payment) {
        if let Err(error) = self.run_step(payment, RunWhen::Due).await {
            let cause = error_chain(&error);
            tracing::warn!(payment = %payment.id, cause, "storing a payment's step failed; retrying");
            self.clock.sleep(RETRY_DELAY).await;
        }
    }

    /// Whether nothing is due and no step is in flight. A step that starts during the read makes the answer `false`.
    async fn is_idle(&self) -> bool {
        let started = self.steps_started.load(Ordering::SeqCst);
        if self.steps_in_flight.load(Ordering::SeqCst) > 0 {
            return false;
        }
        let due = Range::of(index::BY_DUE, []).at_most([self.clock.now().into()]).limit(1);
        let nothing_due = self.store.page(due).await.is_ok_and(|page| page.items.is_empty());
        nothing_due && started == self.steps_started.load(Ordering::SeqCst)
    }
}
