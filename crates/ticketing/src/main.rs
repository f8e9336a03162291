//! `ticketing`: the whole marketplace in one process.

use std::process::ExitCode;

use clap::Parser;
use ticketing::options::{Command, Options};
use ticketing::{dead_letters, serve};

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    runtime::telemetry::init("warn");
    let result: Result<(), Box<dyn std::error::Error>> = match &options.command {
        None => serve::run(&options.serve, &options.data_dir).await.map_err(Into::into),
        Some(Command::DeadLetters { action }) => {
            dead_letters::run(action, &options.data_dir).await.map_err(Into::into)
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ticketing: {error}.");
            ExitCode::FAILURE
        }
    }
}
