//! The bus on a real NATS server.
//!
//! Each test has streams of its own on the server of `TEST_NATS_URL`, or a server of its own if it stops the server.

mod conformance;
mod connection;
mod delivery;
mod filter;
mod origin;
mod outage;
mod permissions;
mod support;
