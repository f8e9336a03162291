//! What a storm has really seen, so that it cannot become weaker unnoticed.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::aftermath::Aftermath;
use crate::purchase::Way;
use crate::weather::kinds_of_faults;

/// What only the card processor can tell: something happened that nobody did.
pub(crate) const EVENTS: [&str; 8] = [
    "payment_intent.payment_failed",
    "payment_intent.requires_action",
    "payment_intent.canceled",
    "charge.expired",
    "charge.refunded",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.closed",
];

/// What becomes of orders.
pub(crate) const ENDS: [&str; 4] = ["complete", "by-buyer", "expired", "payment-failed"];

/// Notes what happens. Cheap to clone; clones share the notes.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<BTreeSet<String>>>);

impl Seen {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.lock().insert(what.into());
    }

    /// What there is to see and was not seen.
    pub(crate) fn missed(&self) -> Vec<String> {
        let seen = self.0.lock();
        everything().into_iter().filter(|one| !seen.contains(one)).collect()
    }
}

fn everything() -> Vec<String> {
    let mut all: Vec<String> = stripe_sim::test_cards().map(card).collect();
    all.extend(["accept", "refuse", "abandon"].map(three_d_secure));
    all.extend(kinds_of_faults().iter().map(|kind| fault(kind)));
    all.extend(Way::ALL.map(|way| format!("{way:?}")));
    all.extend(Aftermath::ALL.map(|aftermath| format!("{aftermath:?}")));
    all.extend(EVENTS.map(event));
    all.extend(ENDS.map(end));
    all.extend(["a request performed twice", "a lost answer", "Stripe out of reach"].map(str::to_owned));
    all
}

pub(crate) fn card(number: &str) -> String {
    format!("the card {number}")
}

pub(crate) fn three_d_secure(answer: &str) -> String {
    format!("3-D Secure, {answer}")
}

pub(crate) fn fault(kind: &str) -> String {
    format!("the fault {kind}")
}

pub(crate) fn event(kind: &str) -> String {
    format!("the event {kind}")
}

pub(crate) fn end(how: &str) -> String {
    format!("an order that ended {how}")
}
