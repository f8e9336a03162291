//! The tickets service, from its decisions to its routes and consumers.

mod consume;
mod domain;
mod http;
mod world;
