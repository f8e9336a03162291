//! What tests use of npm, in the very versions of their lock files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Failed, output_in, root};

/// Where the browser tests live, from the root.
pub(crate) const BROWSER: &str = "crates/client/tests/browser";

/// Where the simulator meets Stripe's library for Node, from the root.
pub(crate) const STRIPE: &str = "crates/stripe-sim/tests/official/node";

/// Where what checks manifests is, from the root.
pub(crate) const CHECKS: &str = "infra/checks/npm";

/// Installs the packages of a folder, unless those of its lock file are there.
pub(crate) fn provide(name: &str) -> Result<(), Failed> {
    let folder = root().join(name);
    let lock = read(&folder.join("package-lock.json"))?;
    let (stamp, modules) = (stamp(name), folder.join("node_modules"));
    let is_there = modules.is_dir() && fs::read(&stamp).is_ok_and(|installed| installed == lock);
    if !is_there {
        eprintln!("setup: installing npm packages in {name}");
        output_in(&folder, "npm", &["ci", "--ignore-scripts"])?;
        write(&stamp, &lock)?;
    }
    eprintln!("setup: npm packages as in {name}/package-lock.json");
    Ok(())
}

/// The lock file of a folder as it was installed last.
fn stamp(name: &str) -> PathBuf {
    root().join(".tools/npm").join(name.replace('/', "-"))
}

fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    fs::read(path).map_err(|error| Failed(format!("{} cannot be read: {error}", path.display())))
}

fn write(path: &Path, text: &[u8]) -> Result<(), Failed> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| Failed(format!("{} cannot be written: {error}", path.display())))
}
