//! The schedule of the reconciler: one replica runs at a time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{Decision, Time, error_chain};
use runtime::{PeriodicJob, Worker};
use serde::{Deserialize, Serialize};
use store::{Document, StoreError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::WINDOW;
use crate::storage::without_duplicates;
use crate::{InFlightGuard, Payments};

/// Between two runs.
const INTERVAL: Duration = Duration::from_mins(10);

/// The due time of the next run, shared by all replicas: the one that advances it runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ReconcileSchedule {
    version: u64,
    due: Time,
}

impl ReconcileSchedule {
    const ID: Uuid = Uuid::from_u128(1);
}

impl Document for ReconcileSchedule {
    const COLLECTION: &'static str = "reconciliation";

    fn id(&self) -> Uuid {
        Self::ID
    }

    fn version(&self) -> u64 {
        self.version
    }
}

pub(crate) fn worker(payments: Payments) -> Worker {
    let clock = payments.clock.clone();
    Worker::periodic(Reconciler(payments), clock)
}

#[derive(Clone)]
struct Reconciler(Payments);

impl PeriodicJob for Reconciler {
    const NAME: &'static str = "reconciliation";
    const RETRY_DELAY: Duration = Duration::from_secs(10);
    type Error = StoreError;

    /// Reconciles if a run is due and no other replica has taken it.
    async fn run(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        let _in_flight = InFlightGuard::new(&self.0.reconciliations_in_flight);
        let (is_ours, next) = self.take_run().await?;
        if is_ours {
            let since = self.0.clock.now().before(WINDOW);
            match stop.run_until_cancelled(Box::pin(self.0.reconcile_since(since))).await {
                Some(Ok(report)) => tracing::info!(
                    at_stripe = report.at_stripe,
                    ours = report.ours,
                    findings = report.findings.len() + report.omitted,
                    "reconciled with Stripe"
                ),
                Some(Err(error)) => {
                    let cause = error_chain(&error);
                    tracing::warn!(cause, "the reconciliation ended early; the next run starts anew");
                }
                None => {}
            }
        }
        Ok(next)
    }

    async fn is_idle(&self) -> bool {
        let schedule = self.0.reconcile_schedules.get_if_readable(ReconcileSchedule::ID).await;
        let is_due = |schedule: ReconcileSchedule| schedule.due <= self.0.clock.now();
        let idle = schedule.is_ok_and(|schedule| !schedule.is_some_and(is_due));
        idle && self.0.reconciliations_in_flight.load(Ordering::SeqCst) == 0
    }
}

impl Reconciler {
    /// Whether this replica runs now, and the time of the next run.
    async fn take_run(&self) -> Result<(bool, Time), StoreError> {
        let now = self.0.clock.now();
        let mut is_ours = false;
        let take = |known: Option<&ReconcileSchedule>| {
            is_ours = known.is_some_and(|known| known.due <= now);
            let version = match known {
                None => 1,
                Some(known) if is_ours => known.version + 1,
                Some(_) => return None,
            };
            Some(Decision::without_event(ReconcileSchedule { version, due: now.after(INTERVAL) }))
        };
        let schedule = self.0.reconcile_schedules.apply(ReconcileSchedule::ID, take).await;
        let schedule = match schedule.map_err(without_duplicates) {
            // Every replica runs by its own clock, which is harmless.
            Err(StoreError::Unreadable(_)) => return Ok((true, now.after(INTERVAL))),
            schedule => schedule?,
        };
        Ok((is_ours, schedule.map_or(now.after(Self::RETRY_DELAY), |schedule| schedule.due)))
    }
}
