//! The replica of an order.

use std::time::Duration;

use common::event::{OrderSnapshot, OrderStatus};
use common::{Decision, Intervals, Time};
use serde::{Deserialize, Serialize};

/// The newest state of an order that this service has received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderReplica {
    /// The version of the replica.
    pub(crate) version: u64,
    /// How often the payment was published again because the next event of the order is overdue.
    #[serde(default, skip_serializing_if = "common::is_zero")]
    pub(crate) asked: u32,
    /// The order as its own service published it.
    pub(crate) state: OrderSnapshot,
    /// The trace of the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trace: Option<String>,
}

/// Between publications to an order that is open past its deadline. The last poll answers sooner.
const DEADLINE_INTERVALS: Intervals =
    Intervals { first: Duration::from_secs(5), factor: 2, max: Duration::from_hours(24) };

/// Between publications to an order that has accepted the payment. Longer at first than orders waits before it publishes the
/// acceptance again.
const PAYING_INTERVALS: Intervals =
    Intervals { first: Duration::from_secs(20), factor: 2, max: Duration::from_hours(24) };

impl OrderReplica {
    /// Applies a snapshot. Returns `None` if the replica is as new, or if a payment may start as before: the confirmation of
    /// the ticket's lock decides nothing here, and every purchase has one.
    pub(crate) fn apply(
        known: Option<&Self>,
        snapshot: &OrderSnapshot,
        trace: Option<&str>,
    ) -> Option<Decision<Self>> {
        let version = match known {
            Some(known) if known.state.version >= snapshot.version || known.is_confirmed_by(snapshot) => {
                return None;
            }
            Some(known) => known.version + 1,
            None => 1,
        };
        let same_status = known.filter(|known| known.state.status == snapshot.status);
        let asked = same_status.map_or(0, |known| known.asked);
        let state = OrderSnapshot { overdue: false, ..snapshot.clone() };
        let trace = known.and_then(|known| known.trace.clone()).or_else(|| trace.map(str::to_owned));
        Some(Decision::without_event(Self { version, asked, state, trace }))
    }

    /// Whether the snapshot differs in the confirmation of the ticket's lock only.
    fn is_confirmed_by(&self, snapshot: &OrderSnapshot) -> bool {
        let known = &self.state;
        known.status == OrderStatus::Created
            && snapshot.status == OrderStatus::AwaitingPayment
            && (&known.ticket, known.expires_at) == (&snapshot.ticket, snapshot.expires_at)
    }

    /// When the next event of the order is overdue. Returns `None` if the order is over.
    pub(crate) fn overdue_at(&self) -> Option<Time> {
        let (intervals, since) = self.intervals()?;
        Some(intervals.due(since, self.asked))
    }

    /// The replica after its payment was published again.
    pub(crate) fn asked(&self, now: Time) -> Option<Decision<Self>> {
        let (intervals, since) = self.intervals()?;
        let asked = intervals.repeated(since, self.asked, now);
        Some(Decision::without_event(Self { asked, version: self.version + 1, ..self.clone() }))
    }

    fn intervals(&self) -> Option<(Intervals, Time)> {
        match self.state.status.known()? {
            OrderStatus::Created | OrderStatus::AwaitingPayment => {
                Some((DEADLINE_INTERVALS, self.state.expires_at))
            }
            OrderStatus::Paying => Some((PAYING_INTERVALS, self.state.updated_at)),
            OrderStatus::Complete | OrderStatus::Cancelled => None,
        }
    }

    /// Whether a payment may start.
    pub(crate) fn is_payable(&self) -> bool {
        matches!(self.state.status.known(), Some(OrderStatus::Created | OrderStatus::AwaitingPayment))
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.state.status == OrderStatus::Cancelled
    }
}
