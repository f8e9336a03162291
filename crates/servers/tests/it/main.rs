//! The real servers, as `cargo xtask setup` found or installed them.

mod cluster;
mod kept;
mod started;
mod support;
