//! The reasons for which an order refuses a command or a step.

use std::time::Duration;

/// Why a user's command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The buyer is the seller.
    OwnTicket,
    /// The ticket is sold.
    TicketSold,
    /// The seller withdrew the ticket.
    TicketWithdrawn,
    /// Another buyer's order has the ticket.
    TicketReserved,
    /// An order of the same buyer has the ticket.
    ReservedByYou,
    /// The ticket does not cost what the buyer saw.
    PriceChanged,
    /// The payment was accepted: from there only its outcome decides.
    Paying,
    /// The ticket is paid.
    Complete,
}

/// Why a step of the saga cannot be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepError {
    /// Too early: due after this long, unless another event comes first.
    RetryLater(Duration),
    /// An event that no correct saga produces; an operator has to examine it.
    InvariantViolation(&'static str),
}

impl std::fmt::Display for StepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::RetryLater(delay) => write!(f, "too early; retry in {delay:?}"),
            Self::InvariantViolation(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for StepError {}
