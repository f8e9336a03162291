//! `cargo xtask setup`: finds or installs what the tests need. Quick when everything is there.

mod chromium;
mod containers;
mod debian;
mod image_tools;
mod infra;
mod node;
mod packages;
mod python;
mod servers;

use std::path::PathBuf;

use ::servers::tools;

use crate::run::{Failed, root};

pub(crate) use containers::Containers;
pub(crate) use image_tools::ImageTools;
pub(crate) use packages::{BROWSER, CHECKS};

/// Names a MongoDB server for the tests to use instead of one that is started.
pub(crate) const MONGODB_URI: &str = "TEST_MONGODB_URI";

/// Names a NATS server for the tests to use instead of one that is started.
pub(crate) const NATS_URL: &str = "TEST_NATS_URL";

/// What the browser tests run on.
#[derive(Debug)]
pub(crate) struct Tools {
    /// The browser.
    pub(crate) chromium: PathBuf,
}

/// Finds every tool, and installs those that are missing.
pub(crate) fn run() -> Result<(), Failed> {
    infra()?;
    stripe()?;
    linters()?;
    containers()?;
    image_tools()?;
    browser().map(|_| ())
}

/// Finds or installs Stripe's own libraries, which the simulator is tested with.
fn stripe() -> Result<(), Failed> {
    eprintln!("\n=== setup of Stripe's libraries");
    node::provide()?;
    packages::provide(packages::STRIPE)?;
    python::provide(&root().join("crates/stripe-sim/tests/official/python/requirements.txt"))
}

/// Finds or installs what the manifests are checked with. NATS is asked whether it understands its configuration.
pub(crate) fn infra() -> Result<(), Failed> {
    servers()?;
    eprintln!("\n=== setup of what checks manifests");
    infra::provide()
}

/// Finds or installs the outside servers.
pub(crate) fn servers() -> Result<(), Failed> {
    eprintln!("\n=== setup of servers");
    servers::provide()
}

/// Finds or installs what reads workflows, scripts, YAML and the Dockerfile. Returns the folder of these programs.
pub(crate) fn linters() -> Result<PathBuf, Failed> {
    eprintln!("\n=== setup of linters");
    python::provide(&root().join("infra/lint/requirements.txt"))?;
    Ok(tools().join("python/bin"))
}

/// Finds or installs what builds and runs images.
pub(crate) fn containers() -> Result<Containers, Failed> {
    eprintln!("\n=== setup of containers");
    containers::provide()
}

/// Finds or installs what compiles programs for images.
pub(crate) fn image_tools() -> Result<ImageTools, Failed> {
    eprintln!("\n=== setup of what compiles for images");
    image_tools::provide()
}

/// Finds or installs what the browser tests run on.
pub(crate) fn browser() -> Result<Tools, Failed> {
    eprintln!("\n=== setup of a browser");
    node::provide()?;
    let chromium = chromium::provide()?;
    packages::provide(BROWSER)?;
    Ok(Tools { chromium })
}
