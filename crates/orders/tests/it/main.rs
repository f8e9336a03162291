//! Tests of orders: its decisions, its routes, and what it makes of events in whatever order they come.

mod any_order;
mod consume;
mod desk;
mod domain;
mod http;
mod samples;
