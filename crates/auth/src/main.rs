//! `auth`: the service as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use runtime::{Common, run_service};

/// Accounts and sessions: who somebody is.
#[derive(Debug, Parser)]
#[command(name = "auth", version, about)]
struct Options {
    #[command(flatten)]
    common: Common,

    #[command(flatten)]
    settings: auth::Settings,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    runtime::telemetry::init("info");
    let ran = run_service("auth", options.common, async |kit| {
        let auth = auth::start(kit, options.settings).await?;
        Ok((auth.service, Some(auth.keys)))
    })
    .await;
    runtime::report("auth", ran)
}
