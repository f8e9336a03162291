//! Delivering events: signed, at least once, with growing delays.

mod deliver;
mod signature;

pub(crate) use signature::hex;
