//! The cluster under faults: processes killed, paused and cut off while people trade, and what must hold afterwards.

mod bad_input;
mod checker;
mod client;
mod faults;
mod rolling;
mod schedule;
mod shopping;
mod wire;
