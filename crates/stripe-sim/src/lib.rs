//! A stateful simulator of the part of Stripe's API that takes card payments.
//!
//! Clients need only another base URL: requests, states, error bodies and signed webhooks are Stripe's.
//! One document holds a `PaymentIntent` with its charges, refunds, disputes and balance transactions, its events with
//! their deliveries, and the replies of its idempotency keys.
//!
//! Invariant: one atomic write covers a command, its events and its reply, so a crash leaves no part of them.

mod balance;
mod card;
mod charge;
mod dispute;
mod endpoint;
mod error;
mod event;
mod failure;
mod fault;
mod format;
mod http;
mod id;
mod inspect;
mod intent;
mod metadata;
mod param;
mod record;
mod refund;
mod revision;
mod schedule;
mod settings;
mod sim;
mod webhook;

pub use balance::Fees;
pub use card::test_cards;
pub use fault::{ApiFaults, FaultSwitch, Faults, WebhookFaults};
pub use inspect::IntentSummary;
pub use intent::Status;
pub use settings::Settings;
pub use sim::StripeSim;
