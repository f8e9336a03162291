//! `expiration`: the service as a process of its own.

use std::process::ExitCode;

use clap::Parser;
use runtime::{Common, run_service};

/// Deadlines: says when a hold has run out.
#[derive(Debug, Parser)]
#[command(name = "expiration", version, about)]
struct Options {
    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    runtime::telemetry::init("info");
    let ran =
        run_service("expiration", options.common, async |kit| Ok((expiration::service(kit), None))).await;
    runtime::report("expiration", ran)
}
