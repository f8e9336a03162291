//! Tests of expiration: its decisions, its workers, and its consumer with events in any order.

mod any_order;
mod app;
mod domain;
mod workers;
