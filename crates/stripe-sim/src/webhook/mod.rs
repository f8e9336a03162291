//! Delivering events: signed, at least once, with growing delays.

mod deliver;
mod schedule;
mod signature;
mod work;

pub(crate) use schedule::Faulty;
pub(crate) use signature::hex;
