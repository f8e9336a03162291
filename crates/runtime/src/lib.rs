//! The shared parts of every process: configuration, telemetry, health, HTTP middleware, workers, start and graceful stop.

pub mod admin;
mod admin_command;
mod args;
mod backends;
pub mod config;
mod connection;
mod event_stream;
mod idempotency;
mod measure;
mod openapi;
mod overdue;
mod prefix_router;
mod recovery;
mod remote_keys;
mod revocation;
mod routes;
mod serve;
mod service;
mod service_main;
mod start;
pub mod stop;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
mod unreadable;
mod upgrade;
mod wake;
mod worker;

pub use admin_command::{AdminCommand, DeadLetterError, DeadLetters, report_recovery};
pub use args::{HttpOptions, ServiceArgs};
pub use backends::{BackendError, BusOptions, connect_bus, open_beside, open_store};
pub use connection::{HEAD_TIMEOUT, IDLE_TIMEOUT};
pub use event_stream::{EventStreams, StreamReader};
pub use measure::Measure;
pub use overdue::Overdue;
pub use prefix_router::PrefixRouter;
pub use recovery::{
    Aggregate, EventFiles, Export, Present, PresentState, Recover, Recovery, RecoveryError, RecoverySummary,
    export_events, recover,
};
pub use remote_keys::RemoteKeys;
pub use routes::routes;
pub use serve::{ServeError, bind, max_connections, serve, serve_behind};
pub use service::{Service, ServiceContext};
pub use service_main::{AdminTask, BoxError, report, service_main};
pub use start::{RunningService, SubscribedService};
pub use stop::Tasks;
pub use unreadable::{COMMON_DOCUMENTS, ServiceStore, Unreadable, UnreadableError};
pub use wake::WakeSignal;
pub use worker::{PeriodicJob, Purge, Worker};
