//! Giving back money that was taken.

use std::collections::BTreeMap;

use common::Time;

use super::{Refund, RefundId, RefundReason};
use crate::error::ApiError;
use crate::event::EventType;
use crate::intent::{IntentId, PaymentIntent, Status, Step};
use crate::metadata;
use crate::param::Params;

const KNOWN: &[&str] = &["amount", "expand", "metadata", "payment_intent", "reason"];

/// What is asked for, checked.
#[derive(Debug, Clone)]
pub(crate) struct NewRefund {
    /// Whose money goes back.
    pub(crate) intent: IntentId,
    /// How much of it; `None`: what is left.
    amount: Option<i64>,
    reason: Option<RefundReason>,
    metadata: BTreeMap<String, String>,
}

impl NewRefund {
    /// Checks the parameters; Stripe stops at the first fault, too.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.only(KNOWN)?;
        let intent = IntentId::in_parameter(params.required("payment_intent")?)?;
        let amount = params.int("amount")?;
        if amount.is_some_and(|amount| amount < 1) {
            let message = "Invalid positive integer: at least 1 must be refunded.";
            return Err(ApiError::parameter("parameter_invalid_integer", "amount", message));
        }
        let reason = params.text("reason").map(RefundReason::parse).transpose()?;
        Ok(Self { intent, amount, reason, metadata: metadata::read(params)? })
    }
}

/// Why no money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundRefusal {
    /// None was taken.
    NothingTaken,
    /// All of it went back before.
    AlreadyRefunded,
    /// More is asked for than is left.
    MoreThanIsLeft,
}

impl PaymentIntent {
    /// What went back so far.
    pub(crate) fn amount_refunded(&self) -> i64 {
        self.refunds.iter().map(|refund| refund.amount).sum()
    }

    /// What may still go back.
    pub(crate) fn amount_refundable(&self) -> i64 {
        self.amount_received - self.amount_refunded()
    }

    /// Gives money back, all of it or in parts. The status stays: at Stripe, too, only the charge tells of refunds.
    pub(crate) fn refund(&self, wanted: NewRefund, id: RefundId, now: Time) -> Result<Step, RefundRefusal> {
        if self.status != Status::Succeeded {
            return Err(RefundRefusal::NothingTaken);
        }
        let left = self.amount_refundable();
        if left == 0 {
            return Err(RefundRefusal::AlreadyRefunded);
        }
        let amount = wanted.amount.unwrap_or(left);
        if amount > left {
            return Err(RefundRefusal::MoreThanIsLeft);
        }
        let NewRefund { reason, metadata, .. } = wanted;
        let refund = Refund { id, amount, reason, metadata, created: now };
        let mut next = self.clone();
        next.refunds.push(refund.clone());
        Ok(Step { next, events: vec![EventType::RefundCreated], failure: None, refund: Some(refund) })
    }
}
