//! The command line of the service.

use std::time::Duration;

use clap::Parser;
use runtime::{AdminCommand, ServiceArgs};

/// Orders: who is buying a ticket, and until when.
#[derive(Debug, Parser)]
#[command(name = "orders", version, about)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) args: ServiceArgs,

    /// How long an order holds its ticket, such as `15m` or `20s`.
    #[arg(long, env = "ORDER_HOLD", default_value = "15m", value_parser = runtime::config::duration)]
    pub(crate) hold: Duration,

    #[command(subcommand)]
    pub(crate) command: Option<AdminCommand>,
}
