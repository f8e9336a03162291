//! The simulator over a real socket, as Stripe's clients meet it.

mod access;
mod balance;
mod browser;
mod cards;
mod challenge;
mod charges;
mod control;
mod disputes;
mod endpoints;
mod events;
mod expand;
mod expiry;
mod faults;
mod idempotency;
mod kill;
mod lifecycle;
mod list;
mod metadata;
mod official;
mod parameters;
mod persistence;
mod refunds;
mod support;
mod webhook_faults;
mod webhooks;
