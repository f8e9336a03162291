//! The project's own commands: `cargo xtask setup`, `test`, `test-servers`, `with-servers`, `up`, `browser`, `infra`,
//! `lint`, `images`, `image-keys`, `pods`, `bench`.

mod bench;
mod browser;
mod images;
mod infra;
mod pods;
mod run;
mod setup;
mod signals;
mod test;
mod up;
mod with_servers;

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
    /// Finds or installs what the tests need: a MongoDB and a NATS server, nginx, kubectl, node, Chromium, and packages.
    Setup,
    /// Checks everything: format, lints, documentation, the project's own rules, tests.
    Test,
    /// Runs only the tests that meet real servers: the adapters' conformance suites, and the end-to-end tests.
    TestServers,
    /// Runs a command beside a MongoDB and a NATS server, which `TEST_MONGODB_URI` and `TEST_NATS_URL` tell it.
    WithServers {
        /// The command and its arguments, such as `cargo test -p store`.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<String>,
    },
    /// Runs the whole cluster on this machine: two processes of each service, MongoDB, NATS, nginx, and the simulator.
    ///
    /// The environment reaches the services, such as `ORDER_HOLD=20s` or `LOG=debug`.
    Up(up::Options),
    /// Builds the program and runs the tests in a browser.
    Browser {
        /// Only tests whose names match this pattern.
        filter: Option<String>,
    },
    /// Checks what runs in Kubernetes: renders every environment, and validates it.
    Infra,
    /// Measures speed and memory, side by side with what bounds them.
    Bench {
        /// Which measurements; all of them if none is named.
        names: Vec<String>,
    },
    /// Builds the programs' images without a registry, and says what they weigh and are made of.
    Images(images::Options),
    /// Prints a key for the contents of each image, as JSON: same key, same image.
    ImageKeys {
        /// Print the paths instead that decide what is in each image.
        #[arg(long)]
        paths: bool,
    },
    /// Builds the images, runs them in podman as the manifests say, buys something, and replaces every pod under load.
    Pods,
    /// Reads workflows, scripts, YAML and the Dockerfile with the linters made for them.
    Lint,
}

fn main() -> ExitCode {
    let result = match Options::parse().command {
        Command::Setup => setup::run().map(done),
        Command::Test => test::run().map(done),
        Command::TestServers => test::servers().map(done),
        Command::WithServers { command } => with_servers::run(&command),
        Command::Up(options) => up::run(&options).map(done),
        Command::Browser { filter } => browser::run(filter.as_deref()).map(done),
        Command::Infra => infra::run().map(done),
        Command::Bench { names } => bench::run(&names).map(done),
        Command::Images(options) => images::run(&options).map(done),
        Command::ImageKeys { paths } => images::print_keys(paths).map(done),
        Command::Pods => pods::run().map(done),
        Command::Lint => infra::lint().map(done),
    };
    result.unwrap_or_else(|error| {
        eprintln!("xtask: {error}");
        ExitCode::FAILURE
    })
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}
