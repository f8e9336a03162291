//! The simulator over a real socket, through Stripe's clients.

mod access;
mod app;
mod balance;
mod browser;
mod cards;
mod control;
mod disputes;
mod endpoints;
mod events;
mod faults;
mod idempotency;
mod lifecycle;
mod official;
mod parameters;
mod persistence;
mod read;
mod receiver;
mod refunds;
mod webhooks;
