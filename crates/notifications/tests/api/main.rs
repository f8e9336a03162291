//! Tests of notifications: its decisions, and its emails through events.

mod accounts;
mod app;
mod domain;
mod orders;
