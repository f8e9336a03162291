//! Whole-system tests: users who trade over HTTP, and three shapes of the marketplace (one process on a simulated clock,
//! the program `ticketing`, the cluster).

pub mod audit;
pub mod cluster;
mod http;
pub mod invariants;
mod person;
mod process;
mod rng;
pub mod snapshot;
mod world;

pub use cluster::Cluster;
pub use http::{Endpoints, Reply};
pub use person::{Person, cards};
pub use process::{Process, poll_until};
pub use rng::Rng;
pub use snapshot::Snapshot;
pub use world::{HOLD_PERIOD, MakeBus, OpenStore, World, WorldConfig, WrapStripe};
