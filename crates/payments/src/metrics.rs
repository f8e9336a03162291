//! The metrics of money: `money_total`, in minor units, by flow and currency; the counters of the operator's alerts; and the
//! durations of steps.

use std::time::Duration;

use common::Currency;
use common::event::PaymentStatus;
use metrics::{counter, gauge, histogram};

use crate::domain::{MoneyTotals, Payment};
use crate::steps::StepError;

/// Registers the metrics: an alert cannot see the increase of a counter that begins with its first increment.
pub(crate) fn register() {
    // The reconciliation sets them.
    for name in ["open_authorizations", "money_without_ticket_seconds", "ticket_without_money_seconds"] {
        gauge!(name).increment(0.0);
    }
    counter!("payment_disputes_total").increment(0);
    counter!("payment_external_refunds_total").increment(0);
    counter!("payment_refunds_failed_total").increment(0);
    for currency in Currency::ALL {
        for (flow, _) in flows(MoneyTotals::default()) {
            of(flow, currency).increment(0);
        }
    }
}

/// Records the commit of a payment whose totals were these. A refund that the bank returns decreases no counter; the books
/// have it.
pub(crate) fn record_money(before: MoneyTotals, after: &Payment) {
    if before == after.totals {
        return;
    }
    for ((flow, before), (_, after_it)) in flows(before).into_iter().zip(flows(after.totals)) {
        of(flow, after.amount.currency).increment(u64::try_from(after_it - before).unwrap_or_default());
    }
}

/// Records the duration of a step's calls to Stripe.
pub(crate) fn record_step<T>(leased: &Payment, result: &Result<T, StepError>, duration: Duration) {
    let step = match leased.status {
        _ if leased.is_to_be_created() => "create",
        PaymentStatus::Capturing if leased.abandoning => "void",
        PaymentStatus::Capturing => "capture",
        PaymentStatus::Voiding => "void",
        PaymentStatus::Refunding => "refund",
        _ => "poll",
    };
    let outcome = match result {
        Ok(_) => "ok",
        Err(StepError::Stripe(_)) => "stripe-failed",
        Err(StepError::Store(_)) => "store-failed",
    };
    histogram!("payment_step_duration_seconds", "step" => step, "outcome" => outcome)
        .record(duration.as_secs_f64());
}

fn of(flow: &'static str, currency: Currency) -> metrics::Counter {
    counter!("money_total", "flow" => flow, "currency" => currency.code())
}

fn flows(totals: MoneyTotals) -> [(&'static str, i64); 4] {
    [
        ("captured", totals.taken),
        ("refunded", totals.refunded),
        ("withdrawn", totals.withdrawn),
        ("fees", totals.fees),
    ]
}
