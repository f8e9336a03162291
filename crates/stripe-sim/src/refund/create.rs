//! Giving back money that was taken.

use std::collections::BTreeMap;
use std::time::Duration;

use common::Time;

use super::{Refund, RefundReason, RefundStatus};
use crate::balance::{Reason, Transaction};
use crate::card::Behaviour;
use crate::dispute::Dispute;
use crate::error::ApiError;
use crate::event::EventType;
use crate::id::{ItemId, Kind};
use crate::intent::{IntentId, PaymentIntent, Status, Step, Subject, Terms};
use crate::metadata::MetadataChange;
use crate::param::Params;

const KNOWN: &[&str] =
    &["amount", "charge", "currency", "expand", "instructions_email", "metadata", "payment_intent", "reason"];

/// How long the bank takes for its last word, where the card makes it take long. Stripe's test cards say no more than
/// that it is later.
const BANK_TAKES: Duration = Duration::from_secs(5);

/// What is asked for, checked.
#[derive(Debug, Clone)]
pub(crate) struct NewRefund {
    /// Whose money goes back.
    pub(crate) intent: IntentId,
    /// The charge, if that is how it was named.
    pub(crate) charge: Option<ItemId>,
    /// How much of it; `None`: what is left.
    amount: Option<i64>,
    reason: Option<RefundReason>,
    metadata: BTreeMap<String, String>,
}

impl NewRefund {
    /// Checks the parameters; Stripe stops at the first fault, too.
    pub(crate) fn read(params: &Params) -> Result<Self, ApiError> {
        params.only(KNOWN)?;
        let charge = params.text("charge").map(|id| ItemId::in_parameter(Kind::Charge, "charge", id));
        let charge = charge.transpose()?;
        let named = match params.text("payment_intent") {
            Some(id) => Some(ItemId::in_parameter(Kind::PaymentIntent, "payment_intent", id)?),
            None => charge,
        };
        let Some(named) = named else {
            let message = "One of the following params should be provided for this request: \
                           payment_intent or charge.";
            return Err(ApiError::parameter("parameter_missing", "payment_intent", message));
        };
        if charge.is_some_and(|charge| charge.owner != named.owner) {
            let message = "The charge is not one of this PaymentIntent; give only one of the two.";
            return Err(ApiError::invalid(message).about_parameter("charge"));
        }
        let amount = params.int("amount")?;
        if amount.is_some_and(|amount| amount < 1) {
            let message = "Invalid positive integer: at least 1 must be refunded.";
            return Err(ApiError::parameter("parameter_invalid_integer", "amount", message));
        }
        let reason = params.text("reason").map(RefundReason::parse).transpose()?;
        let metadata = MetadataChange::read(params)?.apply(BTreeMap::new())?;
        Ok(Self { intent: named.owner, charge, amount, reason, metadata })
    }

    /// 404 for what the caller named.
    pub(crate) fn missing(&self) -> ApiError {
        match self.charge {
            Some(charge) => ApiError::no_such("charge", "charge", &charge.to_string()),
            None => ApiError::no_such("payment_intent", "payment_intent", &self.intent.to_string()),
        }
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
    /// The buyer has asked the bank for it already.
    Disputed,
}

impl PaymentIntent {
    /// What went back so far, or is on its way.
    pub(crate) fn amount_refunded(&self) -> i64 {
        let went = self.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
        went.map(|refund| refund.amount).sum()
    }

    /// What may still go back.
    pub(crate) fn amount_refundable(&self) -> i64 {
        self.amount_received - self.amount_refunded()
    }

    /// Gives money back, all of it or in parts. The status stays: at Stripe, too, only the charge tells of refunds.
    pub(crate) fn refund(&self, wanted: NewRefund, terms: Terms) -> Result<Step, RefundRefusal> {
        let taken = self.latest_charge().filter(|_| self.status == Status::Succeeded);
        let charge = taken.filter(|place| wanted.charge.is_none_or(|wanted| wanted.place == *place));
        let charge = charge.ok_or(RefundRefusal::NothingTaken)?;
        if self.disputes.iter().any(Dispute::holds_the_money) {
            return Err(RefundRefusal::Disputed);
        }
        let left = self.amount_refundable();
        if left == 0 {
            return Err(RefundRefusal::AlreadyRefunded);
        }
        let amount = wanted.amount.unwrap_or(left);
        if amount > left {
            return Err(RefundRefusal::MoreThanIsLeft);
        }
        let (status, settles) = self.refund_course(charge, terms.now);
        let NewRefund { reason, metadata, .. } = wanted;
        let mut next = self.clone();
        let place = crate::id::place(next.refunds.len());
        next.refunds.push(Refund { charge, amount, reason, metadata, created: terms.now, status, settles });
        next.transactions.push(Transaction::new(Reason::Refund { refund: place }, -amount, 0, terms.now));
        Ok(Step::of(next)
            .announcing(EventType::RefundCreated, Subject::Refund(place))
            .announcing(EventType::ChargeRefunded, Subject::Charge(charge))
            .showing(Subject::Refund(place)))
    }

    /// How a refund to this card begins, and what becomes of it.
    fn refund_course(&self, charge: u32, now: Time) -> (RefundStatus, Option<(Time, RefundStatus)>) {
        let later = |status| Some((now.after(BANK_TAKES), status));
        match self.charges.get(charge as usize).map(|charge| charge.method.behaviour) {
            Some(Behaviour::RefundsFail) => (RefundStatus::Succeeded, later(RefundStatus::Failed)),
            Some(Behaviour::RefundsPend) => (RefundStatus::Pending, later(RefundStatus::Succeeded)),
            _ => (RefundStatus::Succeeded, None),
        }
    }
}
