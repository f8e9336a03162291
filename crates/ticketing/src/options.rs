//! What can be chosen on the command line or in the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use common::OrderId;
use ipnet::IpNet;

/// An open ticket resale marketplace: every service in one process.
#[derive(Debug, Parser)]
#[command(name = "ticketing", version, about)]
pub struct Options {
    /// Something else than serving.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Where the data is kept: one `SQLite` database a service.
    #[arg(long, env = "DATA_DIR", default_value = "data", global = true)]
    pub data_dir: PathBuf,

    /// How to serve.
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// The address of the marketplace.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The address of the Stripe simulator.
    #[arg(long, env = "STRIPE_LISTEN", default_value = "127.0.0.1:12111")]
    pub stripe_listen: SocketAddr,

    /// The address of `/livez`, `/readyz` and `/metrics`.
    #[arg(long, env = "ADMIN_LISTEN", default_value = "127.0.0.1:9090")]
    pub admin_listen: SocketAddr,

    /// How long a ticket is held for its buyer, such as `15m` or `20s`.
    #[arg(long, env = "ORDER_HOLD", default_value = "15m", value_parser = runtime::config::duration)]
    pub hold: Duration,

    /// The address that people type, such as `https://tickets.example`; behind https cookies are `Secure`.
    #[arg(long, env = "PUBLIC_URL", value_parser = runtime::config::public_url)]
    pub public_url: Option<String>,

    /// A proxy whose forwarded headers count, or a network of such, as `10.244.0.0/16`; may be given several times.
    #[arg(
        long = "trusted-proxy",
        env = "TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = runtime::config::network
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// What can be configured about signing in.
    #[command(flatten)]
    pub auth: auth::Config,

    /// Begin with a few people and tickets.
    #[arg(long, env = "DEMO")]
    pub demo: bool,
}

/// Something else than serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Events that a service could not handle.
    DeadLetters {
        /// What to do with them.
        #[command(subcommand)]
        action: runtime::DeadLetters,
    },
    /// Gives back what was paid for an order.
    Refund {
        /// The order's id, as its page shows it.
        order: OrderId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Options as clap::CommandFactory>::command().debug_assert();
    }
}
