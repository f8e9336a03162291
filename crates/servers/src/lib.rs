//! MongoDB, NATS, nginx and whole clusters as child processes, for tests and for `cargo xtask up`.
//!
//! The API blocks and needs no async runtime.
//!
//! Invariant: no test leaves a server behind. A [`Server`] is killed when it is dropped, and a watchdog kills it when the
//! process that started it ends in any other way.

pub mod cluster;
mod error;
mod find;
mod location;
pub mod mongodb;
pub mod nats;
pub mod nginx;
mod port;
mod probe;
mod process;
mod server;

pub use error::ServerError;
pub use find::{find_on_path, tools};
pub use location::ServerLocation;
pub use port::Port;
pub use probe::{ReadinessProbe, poll_until};
pub use process::{Program, Signal, send_signal};
pub use server::Server;
