//! The tickets on offer: who may have a ticket, and at what price.

mod consume;
mod documents;
pub mod domain;
mod http;
mod live;
mod search;
mod service;
mod tickets;

pub use service::{NAME, list_for, service};
