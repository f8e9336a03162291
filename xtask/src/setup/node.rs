//! Node and npm: the browser tests are written for node's own test runner.

use super::debian;
use crate::run::{Failed, output};

/// The oldest that Playwright still runs on.
const OLDEST: u32 = 20;

/// Finds node and npm, or installs them.
pub(crate) fn provide() -> Result<(), Failed> {
    if output("node", &["--version"]).is_err() || output("npm", &["--version"]).is_err() {
        debian::install("node and npm", &["nodejs", "npm"], &help())?;
    }
    let version = output("node", &["--version"])?;
    if major(&version).is_none_or(|major| major < OLDEST) {
        return Err(Failed(format!("node is {version}, which is too old; {}", help())));
    }
    eprintln!("setup: node {version}");
    Ok(())
}

fn help() -> String {
    format!("install node {OLDEST} or newer with npm (https://nodejs.org) so that `node` and `npm` are found")
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
