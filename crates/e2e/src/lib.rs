//! Whole-system tests: people who buy and sell over HTTP, a world on a simulated clock, and the real program as a
//! process.

pub mod audit;
mod books;
pub mod cards;
mod http;
mod person;
mod process;
mod world;

pub use http::{Place, Reply};
pub use person::Person;
pub use process::Process;
pub use world::{HOLD, World};
