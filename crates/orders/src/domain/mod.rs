//! What an order is and how it decides: pure functions of its state, a command and the time.

mod order;
mod refusal;
mod ticket;

pub use order::{Aftermath, Order, Status};
pub use refusal::{Refusal, StepError};
pub use ticket::Ticket;
