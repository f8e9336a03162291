//! Whole-system tests: people who buy and sell over HTTP, a world on a simulated clock, the real program as a process,
//! and the cluster.

pub mod audit;
pub mod books;
pub mod cards;
pub mod cluster;
mod http;
mod ledger;
mod person;
mod process;
mod world;

pub use cluster::Cluster;
pub use http::{Place, Reply};
pub use person::Person;
pub use process::Process;
pub use world::{AtTheDatabase, BeforeStripe, Circumstances, HOLD, MakesTheBus, World};
