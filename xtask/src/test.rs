//! `cargo xtask test`: everything that must hold before a change lands, the quickest first.

use crate::run::{Failed, cargo};
use crate::setup;
use crate::with_servers::Servers;
use crate::{browser, infra, pods};

/// The crates whose tests meet real servers.
const ON_SERVERS: [&str; 4] = ["servers", "store", "bus", "e2e"];

/// Builds every program.
pub(crate) const PROGRAMS: [&str; 6] =
    ["build", "--workspace", "--exclude", "xtask", "--all-features", "--bins"];

pub(crate) fn run() -> Result<(), Failed> {
    // A tool that is missing should be known before an hour has passed.
    setup::run()?;
    cargo(&["fmt", "--all", "--check"], &[])?;
    cargo(
        &["clippy", "--workspace", "--all-targets", "--all-features", "--quiet", "--", "-D", "warnings"],
        &[],
    )?;
    // What `cargo run` builds: without the features of a cluster.
    cargo(&["check", "--package", "ticketing", "--quiet"], &[])?;
    cargo(
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--all-features", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    cargo(&["test", "--package", "xtask", "--bins", "--test", "tidy", "--test", "services"], &[])?;
    infra::run()?;
    // Tests start the services as processes, whose programs must be there and fresh.
    cargo(&PROGRAMS, &[])?;
    let all = ["test", "--workspace", "--exclude", "xtask", "--all-features", "--", "--skip", pods::TESTS];
    beside_servers(&all)?;
    browser::run_built(None)?;
    pods::run()
}

/// Only what meets real servers: the adapters' conformance suites, and the end-to-end tests.
pub(crate) fn servers() -> Result<(), Failed> {
    setup::servers()?;
    cargo(&PROGRAMS, &[])?;
    let mut arguments = vec!["test", "--all-features"];
    arguments.extend(ON_SERVERS.iter().flat_map(|package| ["--package", package]));
    arguments.extend(["--", "--skip", pods::TESTS]);
    beside_servers(&arguments)
}

/// Runs cargo beside the servers that tests of the adapters need.
fn beside_servers(arguments: &[&str]) -> Result<(), Failed> {
    let mut servers = Servers::start()?;
    let outcome = cargo(arguments, &servers.environment());
    if outcome.is_err() {
        servers.tell_losses();
    }
    outcome
}
