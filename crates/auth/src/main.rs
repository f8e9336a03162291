//! `auth`: the service as a process of its own, and the operator's commands.

use std::process::ExitCode;

use clap::Parser;
use runtime::{Common, Operate, operate, run_service};

/// Accounts and sessions: who somebody is.
#[derive(Debug, Parser)]
#[command(name = "auth", version, about)]
struct Options {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    settings: auth::Settings,

    #[command(subcommand)]
    command: Option<Operate>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(command) = options.command {
        return operate("auth", &options.common.store_url, &command).await;
    }
    runtime::telemetry::init("info");
    let ran = run_service("auth", options.common, async |kit| {
        let auth = auth::start(kit, options.settings).await?;
        Ok((auth.service, Some(auth.keys)))
    })
    .await;
    runtime::report("auth", ran)
}
