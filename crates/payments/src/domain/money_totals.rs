//! The totals of a payment's money.

use common::event::DisputeStatus;
use serde::{Deserialize, Serialize};

/// Stripe's report of a payment's money, in minor units. Totals, so that a repeated report changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoneyTotals {
    /// Captured from the buyer.
    pub taken: i64,
    /// Refunded to the buyer.
    pub refunded: i64,
    /// Withdrawn by disputes that are not won.
    pub withdrawn: i64,
    /// Kept by Stripe as fees, those of disputes included.
    pub fees: i64,
    /// The state of the dispute, if there is one.
    pub dispute: Option<DisputeStatus>,
}

impl MoneyTotals {
    /// The rest of the captured money. A withdrawal counts as left until its dispute is lost.
    pub fn left(&self) -> i64 {
        let lost = if self.dispute == Some(DisputeStatus::Lost) { self.withdrawn } else { 0 };
        self.taken - self.refunded - lost
    }

    /// The part that Stripe holds.
    pub fn held(&self) -> i64 {
        self.taken - self.refunded - self.withdrawn - self.fees
    }

    /// Whether nothing of the captured money is left, and a refund is the reason.
    pub(super) fn is_all_refunded(&self) -> bool {
        self.taken > 0 && self.refunded > 0 && self.left() <= 0
    }
}
