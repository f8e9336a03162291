//! The payments service at work: its real router, SQLite in memory, the in-process bus, and the Stripe simulator behind a
//! real socket.

mod cost;
mod create;
mod order;
mod read;
mod receipt;
mod reconcile;
mod refund;
mod steps;
mod webhook;
mod world;
