//! The simulator over a real socket, as Stripe's clients meet it.

mod access;
mod browser;
mod cards;
mod challenge;
mod faults;
mod idempotency;
mod kill;
mod lifecycle;
mod list;
mod parameters;
mod persistence;
mod refunds;
mod support;
mod webhook_faults;
mod webhooks;
