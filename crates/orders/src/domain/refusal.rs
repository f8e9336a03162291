//! Why an order does not do what it is asked.

use std::time::Duration;

/// Why a person's wish is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The buyer is the seller.
    OwnTicket,
    /// The ticket is somebody's for good.
    TicketSold,
    /// The seller took the ticket back.
    TicketWithdrawn,
    /// Somebody else's order has the ticket.
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
    /// Its time has not come. It will have come after this long, if nothing else happens before.
    NotYet(Duration),
    /// Another service tells what cannot be if everybody keeps to the saga; a person has to look at it.
    BrokenPromise(&'static str),
}

impl std::fmt::Display for StepError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotYet(wait) => write!(f, "its time has not come; try again in {wait:?}"),
            Self::BrokenPromise(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for StepError {}
