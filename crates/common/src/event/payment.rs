//! The data of `payment.*` events.

use serde::{Deserialize, Serialize};

use super::Word;
use crate::{Money, OrderId, PaymentId, Time};

/// A payment's public state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentSnapshot {
    /// The payment.
    pub id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// The status.
    pub status: Word<PaymentStatus>,
    /// The amount.
    pub amount: Money,
    /// The time at which Stripe authorized the amount, in whole seconds. Absent before, and in payments of releases that did
    /// not store the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorized_at: Option<Time>,
    /// The amount refunded to the buyer; 0 if the refund failed later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// The buyer's dispute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute: Option<Word<DisputeStatus>>,
    /// The version.
    pub version: u64,
    /// The time of creation.
    pub created_at: Time,
    /// The time of the last change.
    pub updated_at: Time,
    /// Whether the owner published this state again, because no consequence has followed. A consumer that has nothing to
    /// decide answers with its own state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overdue: bool,
}

/// A payment's status without its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentStatus {
    /// The buyer has not entered a card.
    RequiresPayment,
    /// The bank has authorized the amount; no money has moved.
    Authorized,
    /// The capture is pending.
    Capturing,
    /// The amount was captured.
    Captured,
    /// The capture failed for good; the authorization is void.
    Failed,
    /// The void is pending.
    Voiding,
    /// The authorization is void.
    Voided,
    /// The refund is pending.
    Refunding,
    /// The amount was refunded.
    Refunded,
}

/// The status of a dispute: the buyer asked the bank to withdraw the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DisputeStatus {
    /// Undecided; the money is withdrawn meanwhile.
    Open,
    /// Won; the money was returned.
    Won,
    /// Lost; the money stays withdrawn.
    Lost,
}

impl DisputeStatus {
    /// The status as a reader shows it. One of a newer release is shown as open until the next event: nothing is decided
    /// by it.
    pub fn of_word(word: &Word<Self>) -> Self {
        word.known().unwrap_or(Self::Open)
    }
}
