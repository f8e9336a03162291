//! Tests of the simulator over its sockets.

mod app;
mod mailbox;
mod pages;
