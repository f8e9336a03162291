//! `ticketing`: the whole marketplace in one process.

use std::process::ExitCode;

use clap::Parser;
use ticketing::cli::{Command, Options};
use ticketing::{refund, run_dead_letters, run_recover, run_unreadable, serve};

const NAME: &str = "ticketing";

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    runtime::telemetry::init("warn");
    match &options.command {
        None => runtime::report(NAME, serve(&options.serve, &options.data_dir).await),
        Some(Command::DeadLetters { action }) => {
            runtime::report(NAME, run_dead_letters(action, &options.data_dir).await)
        }
        Some(Command::Unreadable { action }) => {
            runtime::report(NAME, run_unreadable(action, &options.data_dir).await)
        }
        Some(Command::Recover { service }) => {
            runtime::report(NAME, run_recover(service, &options.data_dir).await)
        }
        Some(Command::Loadgen(options)) => runtime::report(NAME, loadgen::run(options).await),
        Some(Command::Refund { order }) => runtime::report(NAME, refund(*order, &options.data_dir).await),
    }
}
