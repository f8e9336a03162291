//! The outside servers as child processes: found, started, killed, paused and restarted, for tests and for
//! `cargo xtask up`.
//!
//! Everything here blocks and nothing needs an async runtime. A [`Server`] is killed when it is dropped, and also when
//! the process that started it dies in any way, so that no test leaves one behind.

pub mod cluster;
mod error;
mod find;
mod guard;
pub mod mongodb;
pub mod nats;
pub mod nginx;
mod place;
mod poll;
mod port;
mod program;
mod ready;
mod server;
mod signal;

pub use error::ServerError;
pub use find::tools;
pub use place::Place;
pub use poll::until;
pub use port::Port;
pub use program::Program;
pub use ready::Ready;
pub use server::Server;
