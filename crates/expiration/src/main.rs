//! `expiration`: the service as a process of its own, and the operator's commands.

use std::process::ExitCode;

use clap::Parser;
use runtime::{AdminCommand, ServiceArgs, run_admin_command, run_service};

/// Deadlines: says when a hold has run out.
#[derive(Debug, Parser)]
#[command(name = "expiration", version, about)]
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
        return run_admin_command("expiration", &options.common.store_url, &command).await;
    }
    runtime::telemetry::init("info");
    let ran =
        run_service("expiration", options.common, async |context| Ok((expiration::service(context), None)))
            .await;
    runtime::report("expiration", ran)
}
