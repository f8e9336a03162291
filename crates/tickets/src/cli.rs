//! The command line of the service.

use clap::Parser;
use runtime::{AdminCommand, ServiceArgs};

/// The tickets on offer: who may have a ticket, and at what price.
#[derive(Debug, Parser)]
#[command(name = "tickets", version, about)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) args: ServiceArgs,

    #[command(subcommand)]
    pub(crate) command: Option<AdminCommand>,
}
