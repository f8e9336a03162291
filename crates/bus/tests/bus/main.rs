//! The local bus, the relay and the consumer loop on a database in memory and a clock that stands still.
//!
//! Everything runs in one thread, so that a test can let all work come to rest before it looks.

mod chaos;
mod consumer;
mod dead_letters;
mod local;
mod relay;
mod stopping;
mod support;
mod suspects;
