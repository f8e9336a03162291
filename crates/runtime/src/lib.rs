//! What every main does: configuration, telemetry, health, start and graceful stop.

pub mod admin;
mod backends;
pub mod config;
mod describe;
mod event_stream;
mod front;
mod idempotency;
mod keys;
mod main_service;
mod operate;
mod revocation;
mod routes;
mod serve;
mod service;
mod start;
pub mod stop;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;

pub use backends::{BackendError, BusOptions, connect_bus, open_beside, open_store};
pub use event_stream::EventStreams;
pub use front::Front;
pub use keys::RemoteKeys;
pub use main_service::{Common, Made, ServiceError, report, run_service};
pub use operate::{DeadLetterError, DeadLetters, Operate, operate};
pub use routes::{HttpOptions, routes};
pub use serve::{ServeError, bind, serve, serve_behind};
pub use service::{Kit, Service, Worker};
pub use start::{Running, Subscribed};
pub use stop::Tasks;
