//! Tools that are crates, in `.tools/cargo`: cargo-auditable and auditable2cdx for images, and cargo-deny.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use servers::tools;

use crate::run::{TaskError, cargo, output, target};

/// The version of the Dockerfile.
const AUDITABLE: &str = "cargo-auditable@0.7.7";
const AUDITABLE2CDX: &str = "auditable2cdx@0.1.0";

/// The version of the workflow `security`.
const DENY: &str = "cargo-deny@0.20.2";

/// The paths of the tools that build images.
#[derive(Debug)]
pub(crate) struct ImageTools {
    /// Compiles programs with a list of their packages.
    pub(crate) auditable: PathBuf,
    /// Prints the list of packages of a program as `CycloneDX`.
    pub(crate) auditable2cdx: PathBuf,
}

/// Finds or installs the tools that build images.
pub(crate) fn provide_image_tools() -> Result<ImageTools, TaskError> {
    Ok(ImageTools { auditable: provide(AUDITABLE)?, auditable2cdx: provide(AUDITABLE2CDX)? })
}

/// Finds or installs cargo-deny, and the crates of all platforms, which `cargo deny --offline` reads.
pub(crate) fn provide_deny() -> Result<PathBuf, TaskError> {
    let deny = provide(DENY)?;
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let metadata = ["metadata", "--locked", "--offline", "--format-version", "1"];
    if output(&cargo, &metadata).is_err() {
        self::cargo(&["fetch", "--locked"], &[])?;
    }
    Ok(deny)
}

fn provide(tool: &str) -> Result<PathBuf, TaskError> {
    let folder = tools().join("cargo");
    if !is_installed(&folder, tool) {
        // A folder of its own in the target folder: the next clean checkout with the same target folder reuses it.
        let target = target()?.join("tools");
        let (folder, target) = (folder.to_string_lossy(), target.to_string_lossy());
        cargo(&["install", "--locked", "--root", &folder, "--target-dir", &target, tool], &[])?;
    }
    eprintln!("setup: {}", tool.replace('@', " "));
    Ok(folder.join("bin").join(tool.split('@').next().unwrap_or_default()))
}

/// Whether cargo's list of installed crates contains the tool.
fn is_installed(folder: &Path, tool: &str) -> bool {
    let entry = format!("\"{} (", tool.replace('@', " "));
    fs::read_to_string(folder.join(".crates.toml")).is_ok_and(|list| list.contains(&entry))
}

#[cfg(test)]
mod tests {
    use super::{AUDITABLE, DENY};
    use crate::run::root;

    #[test]
    fn the_dockerfile_and_the_workflow_use_the_same_versions() {
        for (tool, path) in
            [(AUDITABLE, "infra/docker/Dockerfile"), (DENY, ".github/workflows/security.yaml")]
        {
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            assert!(text.contains(tool), "{path} uses another version than {tool}");
        }
    }
}
