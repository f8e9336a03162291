//! The project's commands: `cargo xtask setup`, `test`, `test-servers`, `with-servers`, `up`, `browser`, `infra`, `lint`,
//! `fuzz`, `images`, `image-keys`, `pods`, `bench`.

mod bench;
mod browser;
mod fuzz;
mod images;
mod infra;
mod memory;
mod run;
mod setup;
mod steps;
mod test;
mod up;
mod with_servers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Finds or installs the tools of the tests: MongoDB and NATS servers, nginx, kubectl, node, Chromium, linters.
    Setup,
    /// Checks everything: format, lints, dependencies, documentation, the project's own rules, tests.
    Test,
    /// Runs the tests with real servers only: the conformance suites of the adapters, and the end-to-end tests.
    TestServers,
    /// Runs a command with a MongoDB and a NATS server, whose URLs are in `TEST_MONGODB_URI` and `TEST_NATS_URL`.
    WithServers {
        /// The command and its arguments, such as `cargo test -p store`.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Runs the cluster on this machine: two processes of each service, MongoDB, NATS, nginx, and the simulator.
    ///
    /// Services inherit the environment, such as `ORDER_HOLD=20s` or `LOG=debug`.
    Up(up::Options),
    /// Builds the program and runs the browser tests.
    Browser {
        /// A pattern of test names; without it, all tests run.
        filter: Option<String>,
    },
    /// Checks the Kubernetes manifests: renders and validates every environment.
    Infra,
    /// Measures speed and memory, side by side with their bounds.
    Bench(bench::Options),
    /// Builds the images without a registry, and prints their sizes and contents.
    Images(images::Options),
    /// Prints a key for the contents of each image as JSON. Equal keys mean equal images.
    ImageKeys {
        /// Print the source paths of each image instead.
        #[arg(long)]
        paths: bool,
    },
    /// Builds the images, runs the manifests in podman, buys a ticket, and replaces every pod under load.
    Pods,
    /// Runs the fuzz targets, each for some seconds.
    Fuzz(fuzz::Options),
    /// Runs the linters of workflows, scripts, YAML and the Dockerfile.
    Lint,
}

fn main() -> ExitCode {
    let result = match Options::parse().command {
        Command::Setup => setup::run().map(success),
        Command::Test => test::run().map(success),
        Command::TestServers => test::run_with_servers().map(success),
        Command::WithServers { command } => with_servers::run(&command),
        Command::Up(options) => up::run(&options).map(success),
        Command::Browser { filter } => browser::run(filter.as_deref()).map(success),
        Command::Infra => infra::run().map(success),
        Command::Bench(options) => bench::run(&options).map(success),
        Command::Images(options) => images::run(&options).map(success),
        Command::ImageKeys { paths } => images::print_keys(paths).map(success),
        Command::Pods => test::pods().map(success),
        Command::Fuzz(options) => fuzz::run(&options).map(success),
        Command::Lint => infra::lint().map(success),
    };
    result.unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        ExitCode::FAILURE
    })
}

fn success((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
