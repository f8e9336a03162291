//! The replica of an order.

use common::Decision;
use common::event::{OrderSnapshot, OrderStatus};
use serde::{Deserialize, Serialize};

/// The newest state of an order that this service has received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderReplica {
    /// The version of the replica.
    pub(crate) version: u64,
    /// The order as its own service published it.
    pub(crate) state: OrderSnapshot,
}

impl OrderReplica {
    /// Applies a snapshot. Returns `None` if the replica is as new.
    pub(crate) fn apply(known: Option<&Self>, snapshot: &OrderSnapshot) -> Option<Decision<Self>> {
        let version = match known {
            Some(known) if known.state.version >= snapshot.version => return None,
            Some(known) => known.version + 1,
            None => 1,
        };
        Some(Decision::without_event(Self { version, state: snapshot.clone() }))
    }

    /// Whether a payment may start.
    pub(crate) fn is_payable(&self) -> bool {
        matches!(self.state.status.known(), Some(OrderStatus::Created | OrderStatus::AwaitingPayment))
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.state.status == OrderStatus::Cancelled
    }
}
