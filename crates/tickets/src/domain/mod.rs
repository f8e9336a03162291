//! A ticket: who may have it, and at what price. Pure decisions; nothing here reads a clock or a database.

mod aftermath;
mod closed_order;
mod offer;
mod ticket;

pub use aftermath::Aftermath;
pub use closed_order::{ClosedOrder, Outcome};
pub use offer::{Description, Offer, Price, PriceError, Title, Venue};
pub use ticket::{Obstacle, Refusal, Status, Ticket};
