//! The web client: server-rendered pages that work without JavaScript and are better with it.

mod api;
mod assets;
mod client;
mod device;
mod errors;
mod faults;
mod form;
mod frame;
mod next;
mod pages;
mod policy;
mod price;
mod render;
mod routes;
mod text;
mod visitor;
mod when;

pub use api::{Addresses, Api};
pub use routes::{Settings, routes};
