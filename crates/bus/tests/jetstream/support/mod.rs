//! Processes on a NATS server, and events to send between them.

mod consumer;
mod events;
mod marketplace;
mod server;

pub(crate) use consumer::{Ends, Running};
pub(crate) use events::{DEADLINES, envelope, event, ids};
pub(crate) use marketplace::{Marketplace, next, publish, within};
pub(crate) use server::{guarded_server, own_server};
