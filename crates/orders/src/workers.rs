//! The worker that expires orders whose last poll has no answer.
//!
//! The wait is a key of the order, not a delayed event: it occupies no permit of the consumer, survives restarts, and ends
//! even if `expiration.completed` or the answer of payments is lost.

use std::time::Duration;

use common::Time;
use runtime::{PeriodicJob, Worker};
use store::{CommitError, Range, StoreError};
use tokio_util::sync::CancellationToken;

use crate::Orders;
use crate::domain::Order;
use crate::storage::index;

/// The worker. Every replica may run it: compare-and-swap decides.
pub(crate) fn expire_unanswered(orders: &Orders) -> Worker {
    Worker::periodic(ExpireUnanswered(orders.clone()), orders.clock.clone())
}

#[derive(Clone)]
struct ExpireUnanswered(Orders);

/// The largest number of orders read at once.
const MAX_BATCH: usize = 128;
/// The longest delay between two runs. A payment starts longer before its order's last poll ends, so only one that
/// starts after the deadline is expired later than due.
const MAX_SLEEP: Duration = Duration::from_secs(5);

impl PeriodicJob for ExpireUnanswered {
    const NAME: &'static str = "expire-unanswered";
    const RETRY_DELAY: Duration = Duration::from_secs(1);
    type Error = StoreError;

    async fn run(&self, stop: &CancellationToken) -> Result<Time, StoreError> {
        let Self(orders) = self;
        loop {
            let latest = orders.now().after(MAX_SLEEP);
            let batch = orders.store.batch(Range::of(index::BY_LAST_POLL, []).limit(MAX_BATCH)).await?.items;
            for order in &batch {
                let end = order.last_poll_until().unwrap_or(latest);
                if end > orders.now() {
                    return Ok(end.min(latest));
                }
                expire(orders, order).await?;
            }
            if batch.len() < MAX_BATCH || stop.is_cancelled() {
                return Ok(latest);
            }
        }
    }

    async fn is_idle(&self) -> bool {
        let Self(orders) = self;
        let due = Range::of(index::BY_LAST_POLL, []).at_most([orders.now().into()]).limit(1);
        orders.store.batch(due).await.is_ok_and(|due| due.items.is_empty())
    }
}

/// Decides by the state that was read. A conflict means that the order was decided meanwhile.
async fn expire(orders: &Orders, order: &Order) -> Result<(), StoreError> {
    let Ok(Some(decision)) = order.expire(orders.now()) else { return Ok(()) };
    match orders.store.commit(decision).await {
        Ok(_) => {
            tracing::warn!(order = %order.id, "the last poll of a payment had no answer; the order expired");
            Ok(())
        }
        Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}
