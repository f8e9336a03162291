//! `cargo xtask test`, `test-servers` and `pods`.

use crate::run::{BUILD_PROGRAMS, TaskError, cargo, program};
use crate::setup;
use crate::steps::Steps;
use crate::with_servers::Servers;
use crate::{browser, fuzz, images, infra};

/// The crates whose tests use real servers.
const SERVER_TESTS: [&str; 4] = ["servers", "store", "bus", "e2e"];

/// cargo's arguments to run every crate's tests.
const TESTS: [&str; 7] = ["test", "--workspace", "--exclude", "xtask", "--exclude", "fuzz", "--all-features"];

/// The name of the tests that need images.
const POD_TESTS: &str = "in_podman";

/// Runs all checks of a change, the quickest first.
pub(crate) fn run() -> Result<(), TaskError> {
    let mut steps = Steps::new();
    // A missing tool must be reported at once, not after an hour.
    steps.run("setup", setup::run)?;
    steps.run("format", || cargo(&["fmt", "--all", "--check"], &[]))?;
    steps.run("lints", lints)?;
    steps.run("dependencies", dependencies)?;
    steps.run("documentation", documentation)?;
    let rules = ["test", "--package", "xtask", "--bins", "--test", "tidy", "--test", "services"];
    steps.run("rules", || cargo(&rules, &[]))?;
    steps.run("manifests", infra::run)?;
    // Tests start the programs as processes, so they must be up to date.
    steps.run("build of programs", || cargo(&BUILD_PROGRAMS, &[]))?;
    steps.run("build of tests", || cargo(&[&TESTS[..], &["--no-run"]].concat(), &[]))?;
    steps.run("tests", || cargo_with_servers(&[&TESTS[..], &["--", "--skip", POD_TESTS]].concat()))?;
    steps.run("fuzz targets", || fuzz::run(&fuzz::Options::all()))?;
    steps.run("browser", || browser::run_built(None))?;
    steps.run("images", || images::run(&images::Options::all()))?;
    steps.run("pods", run_pods)
}

fn lints() -> Result<(), TaskError> {
    cargo(
        &["clippy", "--workspace", "--all-targets", "--all-features", "--quiet", "--", "-D", "warnings"],
        &[],
    )?;
    // The features of `cargo run`: without those of a cluster.
    cargo(&["check", "--package", "ticketing", "--quiet"], &[])
}

fn documentation() -> Result<(), TaskError> {
    cargo(
        &["doc", "--workspace", "--no-deps", "--document-private-items", "--all-features", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )
}

/// Checks bans, licenses and sources of `deny.toml`. Advisories change by themselves: GitHub's workflow checks them.
fn dependencies() -> Result<(), TaskError> {
    let deny = setup::cargo_deny()?;
    let arguments = [
        "--all-features",
        "--locked",
        "--offline",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ];
    eprintln!("\n=== cargo deny {}", arguments.join(" "));
    program(&deny.to_string_lossy(), &arguments, &[])
}

/// Runs the tests with real servers only.
pub(crate) fn run_with_servers() -> Result<(), TaskError> {
    setup::servers()?;
    setup::schemathesis()?;
    cargo(&BUILD_PROGRAMS, &[])?;
    let mut arguments = vec!["test", "--all-features"];
    arguments.extend(SERVER_TESTS.iter().flat_map(|package| ["--package", package]));
    arguments.extend(["--", "--skip", POD_TESTS]);
    cargo_with_servers(&arguments)
}

fn cargo_with_servers(arguments: &[&str]) -> Result<(), TaskError> {
    let mut servers = Servers::start()?;
    let result = cargo(arguments, &servers.environment());
    if result.is_err() {
        servers.report_exits();
    }
    result
}

/// Builds the images and runs the tests that need them.
pub(crate) fn pods() -> Result<(), TaskError> {
    setup::servers()?;
    images::run(&images::Options::all())?;
    run_pods()
}

fn run_pods() -> Result<(), TaskError> {
    cargo(&[&TESTS[..], &["--test", "pods", "--", POD_TESTS]].concat(), &[])
}
