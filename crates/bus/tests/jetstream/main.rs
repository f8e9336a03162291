//! The bus on a real NATS server.
//!
//! Each test has streams of its own on the server of `TEST_NATS_URL`, or a server of its own if it is hard on it.

mod closing;
mod conformance;
mod connecting;
mod live;
mod outage;
mod publishing;
mod redelivery;
mod sharing;
mod support;
