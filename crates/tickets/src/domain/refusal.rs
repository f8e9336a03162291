//! The reasons for which a ticket refuses a command or a lock.

use common::event::RefusalReason;

/// Why a user's command is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The offer has begun already.
    #[error("must be in the future")]
    Late,
    /// Another user sells the ticket.
    #[error("This ticket belongs to another seller.")]
    NotYours,
    /// The ticket is locked for an order.
    #[error("A buyer has reserved this ticket; wait until they have paid or cancelled.")]
    Reserved,
    /// The ticket is bought.
    #[error("This ticket is sold; it can no longer be changed.")]
    Sold,
    /// The seller withdrew the ticket.
    #[error("This ticket was withdrawn; list a new one to sell it.")]
    Withdrawn,
}

/// Why a ticket was not locked for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReserveError {
    /// Another order holds the ticket. Only one order at a time can have it, so the other one has ended and its event
    /// is about to arrive: retry.
    Held,
    /// For good.
    Refused(RefusalReason),
}
