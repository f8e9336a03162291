//! Tests of tickets: its decisions, its routes, its search, and its consumer.

mod app;
mod consumer;
mod domain;
mod http {
    mod create;
    mod edit;
    mod list;
    mod read;
    mod stream;
    mod withdraw;
}
mod overdue;
mod recovery;
mod samples;
mod search;
