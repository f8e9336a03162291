//! The metrics of purchases: `purchases_total` by outcome, and `purchase_stage_seconds`, the time from one state of an order
//! to the next.

use common::Time;
use common::event::CancelReason;
use metrics::{counter, histogram};

use crate::domain::{Order, Status};

/// The outcome of a complete order; that of another one is the reason of its cancellation.
const COMPLETE: &str = "complete";

/// The stages by the state that ends with them.
const STAGES: [&str; 3] = ["created", "awaiting-payment", "paying"];

/// Registers the metrics: an alert cannot see the increase of a counter that begins with its first increment.
pub(crate) fn register() {
    counter!("invariant_violations_total", "service" => crate::NAME).increment(0);
    let reasons = [
        CancelReason::ByBuyer,
        CancelReason::Expired,
        CancelReason::TicketUnavailable,
        CancelReason::PriceChanged,
        CancelReason::PaymentFailed,
        CancelReason::AccountClosed,
    ];
    for outcome in reasons.map(outcome_of).into_iter().chain([COMPLETE]) {
        counter!("purchases_total", "outcome" => outcome).increment(0);
    }
    for stage in STAGES {
        let _ = histogram!("purchase_stage_seconds", "stage" => stage);
    }
}

/// The state of an order before a commit, and the time since when it had that state.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    status: Status,
    since: Time,
}

impl Stage {
    pub(crate) fn of(order: &Order) -> Self {
        Self { status: order.status, since: order.updated_at }
    }

    /// Records the commit of the order's next state.
    pub(crate) fn ended(self, order: &Order) {
        if order.status == self.status {
            return;
        }
        if let Status::Cancelled(reason) = order.status {
            counter!("purchases_total", "outcome" => outcome_of(reason)).increment(1);
            return;
        }
        let [created, awaiting_payment, paying] = STAGES;
        let stage = match self.status {
            Status::Created => created,
            Status::AwaitingPayment => awaiting_payment,
            Status::Paying => paying,
            Status::Complete | Status::Cancelled(_) => return,
        };
        histogram!("purchase_stage_seconds", "stage" => stage)
            .record((order.updated_at - self.since).as_secs_f64());
        if order.status == Status::Complete {
            counter!("purchases_total", "outcome" => COMPLETE).increment(1);
        }
    }
}

fn outcome_of(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::ByBuyer => "by-buyer",
        CancelReason::Expired => "expired",
        CancelReason::TicketUnavailable => "ticket-unavailable",
        CancelReason::PriceChanged => "price-changed",
        CancelReason::PaymentFailed => "payment-failed",
        CancelReason::AccountClosed => "account-closed",
    }
}
