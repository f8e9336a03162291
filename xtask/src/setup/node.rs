//! Node, npm, and packages of npm in the versions of their lock files.

use std::fs;
use std::path::PathBuf;

use super::{install_debian_packages, is_installed};
use crate::run::{TaskError, output, output_in, root, unusable};

/// The first version that Playwright supports.
const MIN_VERSION: u32 = 20;

/// The folder of the browser tests.
pub(crate) const BROWSER_TESTS: &str = "crates/client/tests/browser";

/// The folder of the simulator's tests with Stripe's library for Node.
pub(crate) const STRIPE_TESTS: &str = "crates/stripe-sim/tests/official/node";

/// The folder of the checks of manifests.
pub(crate) const MANIFEST_CHECKS: &str = "infra/checks/npm";

/// Finds or installs node and npm.
pub(crate) fn provide() -> Result<(), TaskError> {
    if !is_installed("node") || !is_installed("npm") {
        install_debian_packages("node and npm", &["nodejs", "npm"], &help())?;
    }
    let version = output("node", &["--version"])?;
    if major(&version).is_none_or(|major| major < MIN_VERSION) {
        return Err(TaskError(format!("node {version} is too old; {}", help())));
    }
    eprintln!("setup: node {version}");
    Ok(())
}

/// Installs the packages of a folder, unless the versions of its lock file are installed.
pub(crate) fn provide_packages(name: &str) -> Result<(), TaskError> {
    let folder = root().join(name);
    let lock_file = folder.join("package-lock.json");
    let lock = fs::read(&lock_file).map_err(unusable(&lock_file))?;
    let (stamp, modules) = (stamp(name), folder.join("node_modules"));
    let is_current = modules.is_dir() && fs::read(&stamp).is_ok_and(|installed| installed == lock);
    if !is_current {
        eprintln!("setup: installing npm packages in {name}");
        output_in(&folder, "npm", &["ci", "--ignore-scripts"])?;
        let written = fs::create_dir_all(stamp.with_file_name("")).and_then(|()| fs::write(&stamp, &lock));
        written.map_err(unusable(&stamp))?;
    }
    eprintln!("setup: npm packages of {name}/package-lock.json");
    Ok(())
}

/// A copy of the folder's lock file from the last installation.
fn stamp(name: &str) -> PathBuf {
    root().join(".tools/npm").join(name.replace('/', "-"))
}

fn help() -> String {
    format!("install node {MIN_VERSION} or newer (https://nodejs.org) with npm, and add both to the PATH")
}

/// `v20.11.1` is 20.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_first_number_of_a_version_counts() {
        assert_eq!(major("v20.11.1"), Some(20));
        assert_eq!(major("mist"), None);
    }
}
