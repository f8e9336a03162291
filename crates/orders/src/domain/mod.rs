//! Orders and their decisions: pure functions of a state, a command and the time.

mod closing;
mod order;
mod overdue;
mod recovery;
mod refusal;
mod ticket_replica;

pub use closing::{Closing, ClosingStatus};
pub use order::{LAST_POLL_TIMEOUT, Order, PostCapture, Status};
pub use refusal::{Refusal, StepError};
pub use ticket_replica::TicketReplica;
