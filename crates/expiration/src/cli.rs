//! The command line of the service.

use clap::Parser;
use runtime::{AdminCommand, ServiceArgs};

/// Expiration: publishes an event when the hold of an order expires.
#[derive(Debug, Parser)]
#[command(name = "expiration", version, about)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) args: ServiceArgs,

    #[command(subcommand)]
    pub(crate) command: Option<AdminCommand>,
}
