//! `ticketing`: the whole marketplace in one process.

use std::process::ExitCode;

use clap::Parser;
use ticketing::options::{Command, Options};
use ticketing::{dead_letters, refund, serve};

const NAME: &str = "ticketing";

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    runtime::telemetry::init("warn");
    match &options.command {
        None => runtime::report(NAME, serve::run(&options.serve, &options.data_dir).await),
        Some(Command::DeadLetters { action }) => {
            runtime::report(NAME, dead_letters::run(action, &options.data_dir).await)
        }
        Some(Command::Refund { order }) => {
            runtime::report(NAME, refund::run(*order, &options.data_dir).await)
        }
    }
}
