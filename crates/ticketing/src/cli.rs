//! The command line and its environment variables.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use common::OrderId;
use runtime::HttpOptions;

use crate::status::StatusOptions;

/// An open ticket resale marketplace: every service in one process.
#[derive(Debug, Parser)]
#[command(name = "ticketing", version, about)]
pub struct Options {
    /// A command to run instead of serving.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// The data folder: one `SQLite` database a service.
    #[arg(long, env = "DATA_DIR", default_value = "data", global = true)]
    pub data_dir: PathBuf,

    /// Options for serving.
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// Options for serving.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// The address of the marketplace.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The address of the Stripe simulator.
    #[arg(long, env = "STRIPE_LISTEN", default_value = "127.0.0.1:12111")]
    pub stripe_listen: SocketAddr,

    /// The address of the SMTP server, which receives every email.
    #[arg(long, env = "MAIL_SIM_LISTEN", default_value = "127.0.0.1:1025")]
    pub mail_sim_listen: SocketAddr,

    /// The address of the mailbox, which shows every email.
    #[arg(long, env = "MAILBOX_LISTEN", default_value = "127.0.0.1:8025")]
    pub mailbox_listen: SocketAddr,

    /// The address of `/livez`, `/readyz` and `/metrics`.
    #[arg(long, env = "ADMIN_LISTEN", default_value = "127.0.0.1:9090")]
    pub admin_listen: SocketAddr,

    /// How long a ticket is held for its buyer, such as `15m` or `20s`.
    #[arg(long, env = "ORDER_HOLD", default_value = "15m", value_parser = runtime::config::duration)]
    pub hold: Duration,

    /// The options of the HTTP side.
    #[command(flatten)]
    pub http: HttpOptions,

    /// Options for signing in.
    #[command(flatten)]
    pub auth: auth::Config,

    /// Create demo accounts and tickets.
    #[arg(long, env = "DEMO")]
    pub demo: bool,
}

/// A command to run instead of serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists or replays events that a service could not handle.
    DeadLetters {
        /// List or replay.
        #[command(subcommand)]
        action: runtime::DeadLetters,
    },
    /// Lists the documents that this release cannot parse.
    Unreadable {
        /// List.
        #[command(subcommand)]
        action: runtime::Unreadable,
    },
    /// Recovers the database of one service after it was restored from a backup, from the databases of the others. The
    /// marketplace must be stopped.
    Recover {
        /// The service.
        #[arg(value_parser = ["auth", "tickets", "orders", "expiration", "payments", "notifications"])]
        service: String,
    },
    /// Lists the emails that failed for good.
    FailedEmails,
    /// Shows sales, holds, money, outboxes and lags of a running process, by its metrics.
    Status(StatusOptions),
    /// Refunds the payment of an order.
    Refund {
        /// The order's id, as shown on its page.
        order: OrderId,
    },
    /// Puts a deployment under load, checks what it sells, and reports latencies. A test deployment: the load lists
    /// tickets and orders them.
    Loadgen(Box<loadgen::Options>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Options as clap::CommandFactory>::command().debug_assert();
    }
}
