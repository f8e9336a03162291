//! The project's own commands: `cargo xtask setup`, `test`, `browser`, `bench`.

mod bench;
mod browser;
mod run;
mod setup;
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
    /// Finds or installs what the browser tests need: node, npm's packages, Chromium.
    Setup,
    /// Checks everything: format, lints, documentation, the project's own rules, tests.
    Test,
    /// Builds the program and runs the tests in a browser.
    Browser {
        /// Only tests whose names match this pattern.
        filter: Option<String>,
    },
    /// Measures speed and memory, side by side with what bounds them.
    Bench {
        /// Which measurements; all of them if none is named.
        names: Vec<String>,
    },
}

fn main() -> ExitCode {
    let result = match Options::parse().command {
        Command::Setup => setup::run().map(|_| ()),
        Command::Test => test::run(),
        Command::Browser { filter } => browser::run(filter.as_deref()),
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
