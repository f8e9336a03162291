//! The adapter for MongoDB, on a real server.

#![cfg(test)]

mod conformance;
mod opening;
mod operator;
mod outbox;
mod replicas;
mod support;
