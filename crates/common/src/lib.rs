//! What the services agree on: ids, money, time, events, errors and HTTP middleware.
//!
//! No driver and no socket live here: whoever depends on this crate alone can be tested without either.

mod backoff;
pub mod clock;
mod decision;
mod error_chain;
pub mod event;
pub mod http;
mod id;
mod ids;
mod money;
mod poll;
mod problem;
pub mod text;
mod time;
pub mod trace;

pub use backoff::Backoff;
pub use clock::{Clock, SharedClock};
pub use decision::Decision;
pub use error_chain::error_chain;
pub use event::{Envelope, Event};
pub use id::{EventId, OrderId, PaymentId, SessionId, TicketId, UserId};
pub use ids::{Entropy, Ids, SeededEntropy, SystemEntropy};
pub use money::{Currency, Money};
pub use poll::poll_until;
pub use problem::{FieldError, Problem};
pub use time::Time;
