//! What every main does: configuration, telemetry, health, start and graceful stop.

pub mod admin;
mod admin_command;
mod backends;
pub mod config;
mod describe;
mod event_stream;
mod idempotency;
mod keys;
mod main_service;
mod prefix_router;
mod revocation;
mod routes;
mod serve;
mod service;
mod start;
pub mod stop;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;

pub use admin_command::{AdminCommand, DeadLetterError, DeadLetters, run_admin_command};
pub use backends::{BackendError, BusOptions, connect_bus, open_beside, open_store};
pub use event_stream::EventStreams;
pub use keys::RemoteKeys;
pub use main_service::{BuiltService, ServiceArgs, ServiceError, report, run_service};
pub use prefix_router::PrefixRouter;
pub use routes::{HttpOptions, routes};
pub use serve::{ServeError, bind, serve, serve_behind};
pub use service::{Service, ServiceContext, Worker};
pub use start::{Running, Subscribed};
pub use stop::Tasks;
