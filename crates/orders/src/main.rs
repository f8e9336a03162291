//! `orders`: the service as a process of its own, and the operator's commands.

use std::process::ExitCode;

use clap::Parser;
use runtime::{AdminCommand, ServiceArgs, run_admin_command, run_service};

/// Orders: who is buying a ticket, and until when.
#[derive(Debug, Parser)]
#[command(name = "orders", version, about)]
struct Options {
    #[command(flatten)]
    common: ServiceArgs,

    /// How long a ticket is held for its buyer, such as `15m` or `20s`.
    #[arg(long, env = "ORDER_HOLD", default_value = "15m", value_parser = runtime::config::duration)]
    hold: std::time::Duration,

    #[command(subcommand)]
    command: Option<AdminCommand>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(command) = options.command {
        return run_admin_command("orders", &options.common.store_url, &command).await;
    }
    runtime::telemetry::init("info");
    let ran = run_service("orders", options.common, async |context| {
        Ok((orders::service(context, orders::Settings { hold: options.hold }), None))
    })
    .await;
    runtime::report("orders", ran)
}
