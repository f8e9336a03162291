//! The stages of the checkout page.

use common::Time;
use common::event::{CancelReason, OrderSnapshot, OrderStatus, PaymentStatus, Word};

use crate::text::Texts;

/// The stage of the checkout page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The ticket is not reserved yet.
    Reserving,
    /// The order can be paid.
    Payable,
    /// The deadline has passed; the hold is being released.
    Late,
    /// The card was accepted; the order is not complete yet.
    Confirming,
    /// The order is paid.
    Complete,
    /// The order was cancelled, for a reason that this release knows.
    Cancelled(Option<CancelReason>),
    /// The order has a status of a newer release.
    InProgress,
}

impl Stage {
    /// The stage of an order with this payment status.
    pub(super) fn of(order: &OrderSnapshot, payment: Option<PaymentStatus>, now: Time) -> Self {
        let Some(status) = order.status.known() else { return Self::InProgress };
        match status {
            OrderStatus::Created => Self::Reserving,
            OrderStatus::AwaitingPayment if payment == Some(PaymentStatus::Authorized) => Self::Confirming,
            OrderStatus::AwaitingPayment if now >= order.expires_at => Self::Late,
            OrderStatus::AwaitingPayment => Self::Payable,
            OrderStatus::Paying => Self::Confirming,
            OrderStatus::Complete => Self::Complete,
            OrderStatus::Cancelled => Self::Cancelled(order.cancel_reason.as_ref().and_then(Word::known)),
        }
    }

    /// The name for the script.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Reserving => "reserving",
            Self::Payable => "payable",
            Self::Late => "late",
            // The script waits alike.
            Self::Confirming | Self::InProgress => "confirming",
            Self::Complete => "complete",
            Self::Cancelled(_) => "cancelled",
        }
    }

    /// The heading.
    pub(super) const fn title(self, t: &Texts) -> &'static str {
        let t = &t.checkout;
        match self {
            Self::Reserving => t.reserving,
            Self::Payable => t.title,
            Self::Late => t.late,
            Self::Confirming => t.confirming,
            Self::Complete => t.complete,
            Self::Cancelled(Some(CancelReason::ByBuyer)) => t.by_buyer,
            Self::Cancelled(Some(CancelReason::Expired)) => t.expired,
            Self::Cancelled(Some(CancelReason::TicketUnavailable)) => t.ticket_unavailable,
            Self::Cancelled(Some(CancelReason::PriceChanged)) => t.price_changed,
            Self::Cancelled(Some(CancelReason::PaymentFailed)) => t.payment_failed,
            Self::Cancelled(Some(CancelReason::AccountClosed)) => t.account_closed,
            Self::Cancelled(None) => t.no_sale,
            Self::InProgress => t.in_progress,
        }
    }

    /// The text below the heading.
    pub(super) const fn text(self, t: &Texts) -> &'static str {
        let t = &t.checkout;
        match self {
            Self::Reserving => t.reserving_text,
            Self::Payable => "",
            Self::Late => t.late_text,
            Self::Confirming => t.confirming_text,
            Self::Complete => t.complete_text,
            Self::Cancelled(Some(CancelReason::ByBuyer)) => t.by_buyer_text,
            Self::Cancelled(Some(CancelReason::Expired)) => t.expired_text,
            Self::Cancelled(Some(CancelReason::TicketUnavailable)) => t.ticket_unavailable_text,
            Self::Cancelled(Some(CancelReason::PriceChanged)) => t.price_changed_text,
            Self::Cancelled(Some(CancelReason::PaymentFailed)) => t.payment_failed_text,
            Self::Cancelled(Some(CancelReason::AccountClosed)) => t.account_closed_text,
            Self::Cancelled(None) => t.no_sale_text,
            Self::InProgress => t.in_progress_text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(status: &str) -> OrderSnapshot {
        let ticket = serde_json::json!({
            "id": "01890000-0000-7000-8000-000000000002", "title": "Jazz",
            "price": { "amount": 2500, "currency": "USD" },
        });
        let order = serde_json::json!({
            "id": "01890000-0000-7000-8000-000000000001", "userId": "01890000-0000-7000-8000-000000000003",
            "ticket": ticket, "status": status, "expiresAt": "2026-11-22T10:15:00.000Z", "version": 1,
            "createdAt": "2026-11-22T10:00:00.000Z", "updatedAt": "2026-11-22T10:00:00.000Z",
        });
        serde_json::from_value(order).expect("an order")
    }

    fn at(text: &str) -> Time {
        text.parse().expect("a time")
    }

    #[test]
    fn an_order_that_waits_can_be_paid_until_its_time_is_up() {
        let order = order("awaiting-payment");
        assert_eq!(Stage::of(&order, None, at("2026-11-22T10:14:59.999Z")), Stage::Payable);
        assert_eq!(Stage::of(&order, None, at("2026-11-22T10:15:00Z")), Stage::Late);
    }

    #[test]
    fn an_accepted_card_is_being_confirmed_whatever_the_time_and_the_order_say() {
        let late = at("2026-11-22T10:16:00Z");
        assert_eq!(
            Stage::of(&order("awaiting-payment"), Some(PaymentStatus::Authorized), late),
            Stage::Confirming
        );
        assert_eq!(Stage::of(&order("paying"), Some(PaymentStatus::Capturing), late), Stage::Confirming);
    }

    #[test]
    fn every_stage_has_a_heading() {
        let now = at("2026-11-22T10:01:00Z");
        for status in ["created", "awaiting-payment", "paying", "complete", "cancelled"] {
            let stage = Stage::of(&order(status), None, now);
            assert!(!stage.title(&crate::text::ENGLISH).is_empty(), "{status}");
        }
    }
}
