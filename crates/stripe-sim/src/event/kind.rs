//! What is announced (<https://docs.stripe.com/api/events/types>).

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EventType {
    Created,
    RequiresAction,
    PaymentFailed,
    AmountCapturableUpdated,
    Succeeded,
    Canceled,
    ChargeSucceeded,
    ChargeFailed,
    ChargeCaptured,
    ChargeExpired,
    ChargeUpdated,
    ChargeRefunded,
    ChargeRefundUpdated,
    RefundCreated,
    RefundUpdated,
    RefundFailed,
    DisputeCreated,
    DisputeUpdated,
    DisputeClosed,
    DisputeFundsWithdrawn,
    DisputeFundsReinstated,
}

impl EventType {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "payment_intent.created",
            Self::RequiresAction => "payment_intent.requires_action",
            Self::PaymentFailed => "payment_intent.payment_failed",
            Self::AmountCapturableUpdated => "payment_intent.amount_capturable_updated",
            Self::Succeeded => "payment_intent.succeeded",
            Self::Canceled => "payment_intent.canceled",
            Self::ChargeSucceeded => "charge.succeeded",
            Self::ChargeFailed => "charge.failed",
            Self::ChargeCaptured => "charge.captured",
            Self::ChargeExpired => "charge.expired",
            Self::ChargeUpdated => "charge.updated",
            Self::ChargeRefunded => "charge.refunded",
            Self::ChargeRefundUpdated => "charge.refund.updated",
            Self::RefundCreated => "refund.created",
            Self::RefundUpdated => "refund.updated",
            Self::RefundFailed => "refund.failed",
            Self::DisputeCreated => "charge.dispute.created",
            Self::DisputeUpdated => "charge.dispute.updated",
            Self::DisputeClosed => "charge.dispute.closed",
            Self::DisputeFundsWithdrawn => "charge.dispute.funds_withdrawn",
            Self::DisputeFundsReinstated => "charge.dispute.funds_reinstated",
        }
    }

    /// Whether the event also tells what the members were that changed.
    pub(crate) const fn tells_what_was(self) -> bool {
        matches!(
            self,
            Self::ChargeCaptured
                | Self::ChargeExpired
                | Self::ChargeUpdated
                | Self::ChargeRefunded
                | Self::ChargeRefundUpdated
                | Self::RefundUpdated
                | Self::DisputeUpdated
                | Self::DisputeClosed
        )
    }
}
