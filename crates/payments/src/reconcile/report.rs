//! What a reconciliation found, in words.

use std::fmt;
use std::time::Duration;

/// As many findings as a report tells one by one; the rest is counted.
const MOST_TOLD: usize = 100;

/// What a reconciliation found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many `PaymentIntents` of ours Stripe listed.
    pub at_stripe: usize,
    /// How many payments we have.
    pub ours: usize,
    /// What differed, one sentence each.
    pub findings: Vec<Finding>,
    /// How many findings are not told because there are too many.
    pub untold: usize,
    /// How many `PaymentIntents` hold money that was not taken yet.
    pub open_authorizations: usize,
    /// For how long money has been with us whose order is not complete; the longest.
    pub money_without_ticket: Duration,
    /// For how long an order has been complete whose money was not taken; the longest.
    pub ticket_without_money: Duration,
}

/// Something that differed between Stripe and us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What, and what was done about it or what a person must do.
    pub words: String,
    /// Whether it is healed, or on its way to be.
    pub healed: bool,
}

impl Report {
    pub(super) fn healed(&mut self, words: String) {
        tracing::warn!(words, "found by the reconciliation, and healed");
        self.note(Finding { words, healed: true });
    }

    pub(super) fn unhealed(&mut self, words: String) {
        tracing::error!(words, "found by the reconciliation; a person must look into it");
        self.note(Finding { words, healed: false });
    }

    fn note(&mut self, finding: Finding) {
        if self.findings.len() < MOST_TOLD {
            self.findings.push(finding);
        } else {
            self.untold += 1;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at_stripe, ours, open_authorizations, .. } = self;
        writeln!(f, "Compared {at_stripe} PaymentIntents at Stripe with {ours} payments of ours.")?;
        writeln!(f, "{open_authorizations} PaymentIntents hold money that is not taken yet.")?;
        for (what, time) in [
            ("Money is with us without a completed order", self.money_without_ticket),
            ("An order is complete without its money", self.ticket_without_money),
        ] {
            if !time.is_zero() {
                writeln!(f, "{what}; the longest for {} seconds.", time.as_secs())?;
            }
        }
        for Finding { words, healed } in &self.findings {
            let mark = if *healed { "healed" } else { "LOOK INTO IT" };
            writeln!(f, "- {words} [{mark}]")?;
        }
        match (self.findings.len(), self.untold) {
            (0, _) => write!(f, "Nothing differs."),
            (_, 0) => write!(f, "That is all."),
            (_, untold) => write!(f, "And {untold} more."),
        }
    }
}
