//! `tickets`: the service as a process of its own, and the operator's commands.

use std::process::ExitCode;

use clap::Parser;
use runtime::{Common, Operate, operate, run_service};

/// The tickets on offer: who may have a ticket, and at what price.
#[derive(Debug, Parser)]
#[command(name = "tickets", version, about)]
struct Options {
    #[command(flatten)]
    common: Common,

    #[command(subcommand)]
    command: Option<Operate>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(command) = options.command {
        return operate("tickets", &options.common.store_url, &command).await;
    }
    runtime::telemetry::init("info");
    let ran = run_service("tickets", options.common, async |kit| Ok((tickets::service(kit), None))).await;
    runtime::report("tickets", ran)
}
