//! The local bus, the relay and the consumer loop on a database in memory and a simulated clock.
//!
//! Everything runs in one thread, so that a test can let all tasks settle before it asserts.

mod chaos;
mod consumer;
mod dead_letters;
mod local;
mod poison_events;
mod relay;
mod stopping;
mod support;
mod unreadable_events;
