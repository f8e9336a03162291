//! Refunds of a payment: their creation, settlement, update and Stripe's JSON
//! (<https://docs.stripe.com/api/refunds/object>).

use std::time::Duration;

use common::Time;
use serde_json::{Value, json};

use super::{Context, PaymentIntent, Status, Subject, Transition};
use crate::balance::{Reason, Transaction};
use crate::card::Behavior;
use crate::dispute::Dispute;
use crate::error::ApiError;
use crate::event::EventType;
use crate::format::unix_seconds;
use crate::id::Kind;
use crate::refund::{NewRefund, Refund, RefundStatus, RefundUpdate};

/// The delay of a settlement that a test card defers. Stripe documents only that it comes later.
const SETTLEMENT_DELAY: Duration = Duration::from_secs(5);

/// The reason that a refund is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RefundRefusal {
    /// No money was captured.
    NothingCaptured,
    /// All money was refunded.
    AlreadyRefunded,
    /// The amount exceeds the refundable money.
    ExceedsRefundable,
    /// The charge is disputed.
    Disputed,
}

impl PaymentIntent {
    /// The amount refunded or pending.
    pub(crate) fn amount_refunded(&self) -> i64 {
        let refunds = self.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
        refunds.map(|refund| refund.amount).sum()
    }

    /// The amount that can be refunded.
    pub(crate) fn amount_refundable(&self) -> i64 {
        self.amount_received - self.amount_refunded()
    }

    /// Refunds all or part of the money. As at Stripe, only the charge shows the refund; the status stays.
    pub(crate) fn refund(&self, requested: NewRefund, context: Context) -> Result<Transition, RefundRefusal> {
        let captured = self.latest_charge().filter(|_| self.status == Status::Succeeded);
        let charge = captured
            .filter(|position| requested.charge.is_none_or(|requested| requested.position == *position));
        let charge = charge.ok_or(RefundRefusal::NothingCaptured)?;
        if self.disputes.iter().any(Dispute::withholds_funds) {
            return Err(RefundRefusal::Disputed);
        }
        let refundable = self.amount_refundable();
        if refundable == 0 {
            return Err(RefundRefusal::AlreadyRefunded);
        }
        let amount = requested.amount.unwrap_or(refundable);
        if amount > refundable {
            return Err(RefundRefusal::ExceedsRefundable);
        }
        let (status, settles) = self.refund_outcome(charge, context.now);
        let NewRefund { reason, metadata, .. } = requested;
        let mut next = self.clone();
        let position = crate::id::position(next.refunds.len());
        next.refunds.push(Refund { charge, amount, reason, metadata, created: context.now, status, settles });
        next.transactions.push(Transaction::new(
            Reason::Refund { refund: position },
            -amount,
            0,
            context.now,
        ));
        Ok(Transition::of(next)
            .with_event(EventType::RefundCreated, Subject::Refund(position))
            .with_event(EventType::ChargeRefunded, Subject::Charge(charge))
            .returning(Subject::Refund(position)))
    }

    /// The first status of a refund to this card, and its settlement to come.
    fn refund_outcome(&self, charge: u32, now: Time) -> (RefundStatus, Option<(Time, RefundStatus)>) {
        let later = |status| Some((now.after(SETTLEMENT_DELAY), status));
        match self.charges.get(charge as usize).map(|charge| charge.method.behavior) {
            Some(Behavior::RefundsFail) => (RefundStatus::Succeeded, later(RefundStatus::Failed)),
            Some(Behavior::RefundsPend) => (RefundStatus::Pending, later(RefundStatus::Succeeded)),
            _ => (RefundStatus::Succeeded, None),
        }
    }

    /// When the next refund settles.
    pub(crate) fn refund_due(&self) -> Option<Time> {
        self.refunds.iter().filter_map(|refund| refund.settles).map(|(at, _)| at).min()
    }

    /// Settles a due refund. The money of a failed refund returns to the balance.
    pub(crate) fn settle_refund(&self, context: Context) -> Option<Transition> {
        let due = |settles: Option<(Time, RefundStatus)>| settles.filter(|(at, _)| *at <= context.now);
        let index = self.refunds.iter().position(|refund| due(refund.settles).is_some())?;
        let (position, mut next) = (crate::id::position(index), self.clone());
        let refund = &mut next.refunds[index];
        let (_, status) = refund.settles.take()?;
        refund.status = status;
        let (amount, subject) = (refund.amount, Subject::Refund(position));
        let mut events = vec![(EventType::RefundUpdated, subject), (EventType::ChargeRefundUpdated, subject)];
        if status == RefundStatus::Failed {
            let reason = Reason::RefundFailure { refund: position };
            next.transactions.push(Transaction::new(reason, amount, 0, context.now));
            events.push((EventType::RefundFailed, subject));
        }
        Some(Transition { events, ..Transition::of(next).returning(subject) })
    }

    /// Changes the refund at this position, if there is one.
    pub(crate) fn update_refund(
        &self,
        position: u32,
        requested: &RefundUpdate,
    ) -> Result<Option<Transition>, ApiError> {
        let mut next = self.clone();
        let Some(refund) = next.refunds.get_mut(position as usize) else { return Ok(None) };
        refund.metadata = requested.0.apply(std::mem::take(&mut refund.metadata))?;
        let subject = Subject::Refund(position);
        Ok(Some(
            Transition::of(next)
                .with_event(EventType::RefundUpdated, subject)
                .with_event(EventType::ChargeRefundUpdated, subject)
                .returning(subject),
        ))
    }

    /// Stripe's JSON of the refund at this position.
    pub(crate) fn refund_view(&self, position: u32) -> Value {
        let Some(refund) = self.refunds.get(position as usize) else { return Value::Null };
        let transaction =
            |reason| self.transaction_of(reason).map(|position| self.item(Kind::Transaction, position));
        let mut view = json!({
            "id": self.item(Kind::Refund, position),
            "object": "refund",
            "amount": refund.amount,
            "balance_transaction": transaction(Reason::Refund { refund: position }),
            "charge": self.item(Kind::Charge, refund.charge),
            "created": unix_seconds(refund.created),
            "currency": self.currency_code(),
            "destination_details": {
                "card": { "reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund" },
                "type": "card",
            },
            "metadata": refund.metadata,
            "payment_intent": self.id.to_string(),
            "reason": refund.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": refund.status,
            "transfer_reversal": null,
        });
        // Present only when they apply.
        match refund.status {
            RefundStatus::Failed => {
                view["failure_reason"] = json!("expired_or_canceled_card");
                view["failure_balance_transaction"] =
                    json!(transaction(Reason::RefundFailure { refund: position }));
            }
            RefundStatus::Pending => view["pending_reason"] = json!("processing"),
            RefundStatus::Succeeded => {}
        }
        view
    }
}
