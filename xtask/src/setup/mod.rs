//! `cargo xtask setup`: finds or installs the tools of the tests. Quick when all of them are installed.

mod cargo_tools;
mod chromium;
mod containers;
mod kubernetes;
mod node;
mod python;
mod servers;

use std::path::{Path, PathBuf};

use ::servers::tools;

use crate::run::{TaskError, output, program, root};

pub(crate) use cargo_tools::ImageTools;
pub(crate) use containers::Containers;
pub(crate) use node::{BROWSER_TESTS, MANIFEST_CHECKS};

/// The URL of a running MongoDB server for the tests.
pub(crate) const MONGODB_URI: &str = "TEST_MONGODB_URI";

/// The URL of a running NATS server for the tests.
pub(crate) const NATS_URL: &str = "TEST_NATS_URL";

/// Finds or installs every tool.
pub(crate) fn run() -> Result<(), TaskError> {
    infra()?;
    stripe()?;
    schemathesis()?;
    linters()?;
    containers()?;
    image_tools()?;
    cargo_deny()?;
    browser().map(|_| ())
}

/// Finds or installs schemathesis.
pub(crate) fn schemathesis() -> Result<(), TaskError> {
    eprintln!("\n=== setup of schemathesis");
    python::provide(&root().join("crates/e2e/tests/contract/schemathesis/requirements.txt"))
}

/// Finds or installs Stripe's libraries for the tests of the simulator.
fn stripe() -> Result<(), TaskError> {
    eprintln!("\n=== setup of Stripe's libraries");
    node::provide()?;
    node::provide_packages(node::STRIPE_TESTS)?;
    python::provide(&root().join("crates/stripe-sim/tests/official/python/requirements.txt"))
}

/// Finds or installs the checks of manifests, and the servers, since NATS checks its configuration.
pub(crate) fn infra() -> Result<(), TaskError> {
    servers()?;
    eprintln!("\n=== setup of manifest checks");
    kubernetes::provide()
}

/// Finds or installs MongoDB, NATS and nginx.
pub(crate) fn servers() -> Result<(), TaskError> {
    eprintln!("\n=== setup of servers");
    servers::provide()
}

/// Finds or installs the linters. Returns their folder.
pub(crate) fn linters() -> Result<PathBuf, TaskError> {
    eprintln!("\n=== setup of linters");
    python::provide(&root().join("infra/lint/requirements.txt"))?;
    Ok(tools().join("python/bin"))
}

/// Finds or installs buildah and podman.
pub(crate) fn containers() -> Result<Containers, TaskError> {
    eprintln!("\n=== setup of containers");
    containers::provide()
}

/// Finds or installs the tools that build images.
pub(crate) fn image_tools() -> Result<ImageTools, TaskError> {
    eprintln!("\n=== setup of image tools");
    cargo_tools::provide_image_tools()
}

/// Finds or installs cargo-deny. Returns its path.
pub(crate) fn cargo_deny() -> Result<PathBuf, TaskError> {
    eprintln!("\n=== setup of cargo-deny");
    cargo_tools::provide_deny()
}

/// Finds or installs Chromium and the packages of the browser tests. Returns the path of Chromium.
pub(crate) fn browser() -> Result<PathBuf, TaskError> {
    eprintln!("\n=== setup of a browser");
    node::provide()?;
    let chromium = chromium::provide()?;
    node::provide_packages(BROWSER_TESTS)?;
    Ok(chromium)
}

/// Installs Debian packages on Debian or Ubuntu as root. Otherwise returns an error with `help`.
fn install_debian_packages(what: &str, packages: &[&str], help: &str) -> Result<(), TaskError> {
    if !rustix::process::geteuid().is_root() || !Path::new("/etc/debian_version").exists() {
        return Err(TaskError(format!("{what} is missing; {help}")));
    }
    eprintln!("setup: installing {what} ({})", packages.join(", "));
    let failed = |error| TaskError(format!("{what} is missing and could not be installed: {error}; {help}"));
    // The package lists of a new machine are empty or outdated.
    apt_get(&["update"]).map_err(failed)?;
    apt_get(&[&["install", "--yes", "--no-install-recommends"], packages].concat()).map_err(failed)
}

fn apt_get(arguments: &[&str]) -> Result<(), TaskError> {
    let arguments = [&["-qq", "-o", "Dpkg::Use-Pty=0"], arguments].concat();
    program("apt-get", &arguments, &[("DEBIAN_FRONTEND", "noninteractive")])
}

/// Whether a program can be run.
fn is_installed(program: &str) -> bool {
    output(program, &["--version"]).is_ok()
}
