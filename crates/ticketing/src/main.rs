//! `ticketing`: the whole marketplace in one process.

use std::process::ExitCode;

use clap::Parser;
use common::clock::SystemClock;
use ticketing::cli::{Command, Options};
use ticketing::status::status;
use ticketing::{refund, run_dead_letters, run_failed_emails, run_recover, run_unreadable, serve};

const NAME: &str = "ticketing";

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    let Some(command) = &options.command else {
        return match runtime::telemetry::init_service(NAME, "warn") {
            Ok(traces) => {
                let result = serve(&options.serve, &options.data_dir).await;
                traces.flush().await;
                runtime::report(NAME, result)
            }
            Err(error) => runtime::report(NAME, Err(error)),
        };
    };
    runtime::telemetry::init("warn");
    match command {
        Command::DeadLetters { action } => {
            runtime::report(NAME, run_dead_letters(action, &options.data_dir).await)
        }
        Command::Unreadable { action } => {
            runtime::report(NAME, run_unreadable(action, &options.data_dir).await)
        }
        Command::FailedEmails => runtime::report(NAME, run_failed_emails(&options.data_dir).await),
        Command::Recover { service } => runtime::report(NAME, run_recover(service, &options.data_dir).await),
        Command::Status(options) => runtime::report(NAME, status(options, &SystemClock).await),
        Command::Loadgen(options) => runtime::report(NAME, loadgen::run(options).await),
        Command::Refund { order } => runtime::report(NAME, refund(*order, &options.data_dir).await),
    }
}
