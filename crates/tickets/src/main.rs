//! `tickets`: the service as a process of its own, and the operator's commands.

use std::process::ExitCode;

use clap::Parser;
use runtime::{AdminCommand, ServiceArgs, run_admin_command, run_service};

/// The tickets on offer: who may have a ticket, and at what price.
#[derive(Debug, Parser)]
#[command(name = "tickets", version, about)]
struct Options {
    #[command(flatten)]
    common: ServiceArgs,

    #[command(subcommand)]
    command: Option<AdminCommand>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(command) = options.command {
        return run_admin_command("tickets", &options.common.store_url, &command).await;
    }
    runtime::telemetry::init("info");
    let ran =
        run_service("tickets", options.common, async |context| Ok((tickets::service(context), None))).await;
    runtime::report("tickets", ran)
}
