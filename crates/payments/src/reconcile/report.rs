//! The report of a reconciliation.

use std::fmt;
use std::time::Duration;

use store::StoreError;

use super::ReconcileError;

/// The number of findings that a report keeps; the rest is counted.
const MAX_FINDINGS: usize = 100;

/// The result of a reconciliation.
#[derive(Debug, Default)]
pub struct Report {
    /// The number of `PaymentIntent`s of this service that Stripe listed.
    pub at_stripe: usize,
    /// The number of payments.
    pub ours: usize,
    /// The differences.
    pub findings: Vec<Finding>,
    /// The number of findings beyond those that are kept.
    pub omitted: usize,
    /// The number of `PaymentIntent`s with an authorization that is not captured.
    pub open_authorizations: usize,
    /// The longest time that captured money has waited for its order to complete.
    pub money_without_ticket: Duration,
    /// The longest time that a complete order has waited for its capture.
    pub ticket_without_money: Duration,
}

/// A difference between Stripe and our payments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The difference, and its correction or the operator's task.
    pub text: String,
    /// Whether the difference is corrected, or being corrected.
    pub corrected: bool,
}

impl Report {
    pub(super) fn corrected(&mut self, text: String) {
        tracing::warn!(text, "the reconciliation corrected a difference");
        self.add(Finding { text, corrected: true });
    }

    pub(super) fn for_operator(&mut self, text: String) {
        tracing::error!(text, "the reconciliation found a difference that an operator must look into");
        self.add(Finding { text, corrected: false });
    }

    /// Leaves an unreadable document to the operator, so that the comparison continues with the next.
    pub(super) fn pass_over_unreadable(
        &mut self,
        compared: Result<(), ReconcileError>,
    ) -> Result<(), ReconcileError> {
        match compared {
            Err(ReconcileError::Store(StoreError::Unreadable(error))) => {
                self.for_operator(error.to_string());
                Ok(())
            }
            compared => compared,
        }
    }

    fn add(&mut self, finding: Finding) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(finding);
        } else {
            self.omitted += 1;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at_stripe, ours, open_authorizations, .. } = self;
        writeln!(f, "Compared {at_stripe} PaymentIntents at Stripe with {ours} payments.")?;
        writeln!(f, "{open_authorizations} PaymentIntents have an authorization that is not captured.")?;
        for (case, time) in [
            ("Captured money without a completed order", self.money_without_ticket),
            ("A completed order without captured money", self.ticket_without_money),
        ] {
            if !time.is_zero() {
                writeln!(f, "{case}, the longest for {} seconds.", time.as_secs())?;
            }
        }
        for Finding { text, corrected } in &self.findings {
            let mark = if *corrected { "corrected" } else { "LOOK INTO IT" };
            writeln!(f, "- {text} [{mark}]")?;
        }
        match (self.findings.len(), self.omitted) {
            (0, _) => write!(f, "No differences."),
            (found, 0) => write!(f, "{found} differences."),
            (_, omitted) => write!(f, "And {omitted} more differences."),
        }
    }
}
