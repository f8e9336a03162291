//! The types that the services share: ids, money, time, events, errors and HTTP middleware; no driver and no socket.

mod backoff;
pub mod clock;
mod decision;
pub mod event;
pub mod http;
mod id;
mod ids;
mod intervals;
mod money;
mod poll;
mod problem;
pub mod text;
mod time;
pub mod trace;
pub mod user_agent;

pub use backoff::Backoff;
pub use clock::{Clock, SharedClock};
pub use decision::{Decision, raised_version};
pub use event::{Envelope, Event};
pub use id::{ActivityId, ChallengeId, EventId, OrderId, PaymentId, SessionId, TicketId, UserId};
pub use ids::{Entropy, Ids, SeededEntropy, SystemEntropy};
pub use intervals::{Intervals, is_zero};
pub use money::{Currency, Money};
pub use poll::poll_until;
pub use problem::{FieldError, Problem, error_chain};
pub use time::Time;
