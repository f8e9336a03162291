//! Takes every step that is due, for as long as the service runs.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::PaymentId;
use runtime::Worker;
use store::{Range, StoreError};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::Payments;
use crate::advance::Urgency;
use crate::domain::Payment;

/// How many steps one replica performs at once: a slow card processor holds up this many, and the rest waits in the
/// database.
const MOST_AT_ONCE: usize = 32;

/// How long the worker sleeps at most, so that what another replica left behind is found.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// The pause after the database failed.
const PAUSE: Duration = Duration::from_secs(1);

/// The worker. Several replicas may run it at once: taking a step is a commit that one of them wins.
pub(crate) fn worker(payments: Payments) -> Worker {
    let running = payments.clone();
    Worker::new(
        "payment-steps",
        move |stop| async move { running.work(stop).await },
        move || {
            let payments = payments.clone();
            async move { payments.is_idle().await }
        },
    )
}

impl Payments {
    async fn work(&self, stop: CancellationToken) {
        let (mut at_work, mut steps) = (HashSet::new(), JoinSet::new());
        loop {
            let wake = match self.begin_due_steps(&mut at_work, &mut steps).await {
                Ok(wake) => wake,
                Err(error) => {
                    let cause = common::error_chain(&error);
                    tracing::warn!(cause, "due payments could not be read; trying again");
                    self.clock.now().after(PAUSE)
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.step_due.notified() => {}
                () = self.clock.sleep_until(wake) => {}
                Some(ended) = steps.join_next_with_id() => match ended {
                    Ok((_, id)) => { at_work.remove(&id); }
                    // A step that panicked is due again when its lease is over.
                    Err(_) => at_work.clear(),
                },
            }
        }
        // The step at hand is finished: its calls are bounded in time, and so is a stop.
        while steps.join_next().await.is_some() {}
    }

    /// Begins what is due, as far as there is room; says when to look again.
    async fn begin_due_steps(
        &self,
        at_work: &mut HashSet<PaymentId>,
        steps: &mut JoinSet<PaymentId>,
    ) -> Result<common::Time, StoreError> {
        let now = self.clock.now();
        // Those at work may still stand in the index; so many more are read.
        let page = self.payments.page(Range::of(Payment::DUE, []).limit(2 * MOST_AT_ONCE)).await?;
        let mut wake = now.after(LONGEST_SLEEP);
        for payment in page.items {
            let due = payment.work.due.unwrap_or(wake);
            if due > now {
                wake = wake.min(due);
                break;
            }
            if steps.len() < MOST_AT_ONCE && at_work.insert(payment.id) {
                let payments = self.clone();
                steps.spawn(async move {
                    payments.work_on(&payment).await;
                    payment.id
                });
            }
        }
        Ok(wake)
    }

    async fn work_on(&self, payment: &Payment) {
        if let Err(error) = self.advance(payment, Urgency::WhenDue).await {
            let cause = common::error_chain(&error);
            tracing::warn!(payment = %payment.id, cause, "a step of a payment could not be stored; trying again");
            self.clock.sleep(PAUSE).await;
        }
    }

    /// Whether nothing is due and nothing is under way. A step that begins or ends during the look makes it worthless,
    /// so then it counts as work.
    async fn is_idle(&self) -> bool {
        let begun = self.begun.load(Ordering::SeqCst);
        if self.under_way.load(Ordering::SeqCst) > 0 {
            return false;
        }
        let due = Range::of(Payment::DUE, []).at_most([self.clock.now().into()]).limit(1);
        let nothing_due = self.payments.page(due).await.is_ok_and(|page| page.items.is_empty());
        nothing_due && begun == self.begun.load(Ordering::SeqCst)
    }
}
