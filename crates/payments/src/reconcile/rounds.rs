//! When to reconcile: each round is begun by one replica.

use std::convert::Infallible;
use std::sync::atomic::Ordering;
use std::time::Duration;

use common::{Decision, Time};
use runtime::Worker;
use serde::{Deserialize, Serialize};
use store::{Document, StoreError, UpdateError};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::WINDOW;
use crate::Payments;

/// From one round to the next.
const INTERVAL: Duration = Duration::from_mins(10);
/// The pause after the database failed.
const PAUSE: Duration = Duration::from_secs(10);

/// When the next round is due. There is one for all replicas: whoever moves it on has the round.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rounds {
    version: u64,
    due: Time,
}

impl Rounds {
    const ID: Uuid = Uuid::from_u128(1);
}

impl Document for Rounds {
    const COLLECTION: &'static str = "reconciliation";

    fn id(&self) -> Uuid {
        Self::ID
    }

    fn version(&self) -> u64 {
        self.version
    }
}

/// The worker.
pub(crate) fn worker(payments: Payments) -> Worker {
    let running = payments.clone();
    Worker::new(
        "reconciliation",
        move |stop| async move { running.reconcile_regularly(stop).await },
        move || {
            let payments = payments.clone();
            async move { payments.has_no_round().await }
        },
    )
}

impl Payments {
    async fn reconcile_regularly(&self, stop: CancellationToken) {
        loop {
            let next = match stop.run_until_cancelled(self.round()).await {
                None => break,
                Some(Ok(next)) => next,
                Some(Err(error)) => {
                    let cause = common::error_chain(&error);
                    tracing::warn!(cause, "the reconciliation could not begin; trying again");
                    self.clock.now().after(PAUSE)
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = self.clock.sleep_until(next) => {}
            }
        }
    }

    /// Reconciles if it is time and nobody else does; when to look again.
    async fn round(&self) -> Result<Time, StoreError> {
        self.reconciling.fetch_add(1, Ordering::SeqCst);
        let round = self.take_round().await;
        if let Ok((true, _)) = round {
            match Box::pin(self.compare_since(self.clock.now().before(WINDOW))).await {
                Ok(report) => tracing::info!(
                    at_stripe = report.at_stripe,
                    ours = report.ours,
                    findings = report.findings.len() + report.untold,
                    "reconciled with Stripe"
                ),
                Err(error) => {
                    let cause = common::error_chain(&error);
                    tracing::warn!(cause, "the reconciliation stopped; the next round begins anew");
                }
            }
        }
        self.reconciling.fetch_sub(1, Ordering::SeqCst);
        round.map(|(_, next)| next)
    }

    /// Whether this replica has the round, and when the next one is due.
    async fn take_round(&self) -> Result<(bool, Time), StoreError> {
        let now = self.clock.now();
        let mut mine = false;
        let take = |known: Option<&Rounds>| {
            let due = now.after(INTERVAL);
            mine = known.is_some_and(|known| known.due <= now);
            Ok::<_, Infallible>(match known {
                None => Some(Decision::without_event(Rounds { version: 1, due })),
                Some(known) if mine => {
                    Some(Decision::without_event(Rounds { version: known.version + 1, due }))
                }
                Some(_) => None,
            })
        };
        match self.rounds.update(Rounds::ID, take).await {
            Ok(rounds) => Ok((mine, rounds.map_or(now.after(PAUSE), |rounds| rounds.due))),
            Err(UpdateError::Store(error)) => Err(error),
            Err(UpdateError::DuplicateKey(claim)) => {
                Err(StoreError::Unreadable(format!("the claim `{claim}` is taken").into()))
            }
            Err(UpdateError::Refused(never)) => match never {},
        }
    }

    async fn has_no_round(&self) -> bool {
        let due = self.rounds.get(Rounds::ID).await.map(|rounds| rounds.map(|rounds| rounds.due));
        let idle = due.is_ok_and(|due| due.is_none_or(|due| due > self.clock.now()));
        idle && self.reconciling.load(Ordering::SeqCst) == 0
    }
}
