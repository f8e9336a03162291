//! The payments service with its real router, SQLite in memory, the in-process bus, and the Stripe simulator behind a real
//! socket.

mod app;
mod consumer;
mod cost;
mod create;
mod last_poll;
mod overdue;
mod read;
mod receipt;
mod reconcile;
mod refund;
mod steps;
mod stripe_server;
mod webhook;
