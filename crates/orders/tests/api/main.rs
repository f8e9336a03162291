//! Tests of orders: its decisions, its routes, and its consumer with events in any order.

mod any_order;
mod app;
mod closing;
mod consumer;
mod domain;
mod http {
    mod cancel;
    mod create;
    mod read;
    mod stream;
}
mod last_poll;
mod newer_words;
mod overdue;
mod recovery;
mod samples;
