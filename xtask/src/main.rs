//! The project's own commands: `cargo xtask test`, `cargo xtask bench`.

mod bench;
mod run;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks everything: format, lints, documentation, the project's own rules, tests.
    Test,
    /// Measures speed and memory, side by side with what bounds them.
    Bench {
        /// Which measurements; all of them if none is named.
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = match Options::parse().command {
        Command::Test => test::run(),
        Command::Bench { names } => bench::run(&names),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
