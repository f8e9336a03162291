//! Tickets and their decisions: pure functions of a state, a command and the time.

mod offer;
mod order_tombstone;
mod overdue;
mod recovery;
mod refusal;
mod ticket;

pub use offer::{Description, Offer, Price, PriceError, Title, Venue};
pub use order_tombstone::{OrderTombstone, Outcome};
pub use refusal::{Refusal, ReserveError};
pub use ticket::{PostCapture, Status, Ticket};
