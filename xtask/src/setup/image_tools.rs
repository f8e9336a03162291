//! Programs that come as crates, in `.tools/cargo`: they write into our programs what those are made of, and read it.

use std::fs;
use std::path::{Path, PathBuf};

use servers::tools;

use crate::run::{Failed, cargo};

/// As in the Dockerfile.
const AUDITABLE: &str = "cargo-auditable@0.7.7";
const AUDITABLE2CDX: &str = "auditable2cdx@0.1.0";

/// Where they are.
#[derive(Debug)]
pub(crate) struct ImageTools {
    /// Compiles programs that say what they are made of.
    pub(crate) auditable: PathBuf,
    /// Reads that out of a program, as `CycloneDX`.
    pub(crate) auditable2cdx: PathBuf,
}

/// Finds or installs both.
pub(crate) fn provide() -> Result<ImageTools, Failed> {
    let folder = tools().join("cargo");
    for tool in [AUDITABLE, AUDITABLE2CDX] {
        if !has(&folder, tool) {
            cargo(&["install", "--locked", "--root", &folder.to_string_lossy(), tool], &[])?;
        }
        eprintln!("setup: {}", tool.replace('@', " "));
    }
    let program = |tool: &str| folder.join("bin").join(tool.split('@').next().unwrap_or_default());
    Ok(ImageTools { auditable: program(AUDITABLE), auditable2cdx: program(AUDITABLE2CDX) })
}

/// Cargo keeps a list of what it installed.
fn has(folder: &Path, tool: &str) -> bool {
    let entry = format!("\"{} (", tool.replace('@', " "));
    fs::read_to_string(folder.join(".crates.toml")).is_ok_and(|list| list.contains(&entry))
}

#[cfg(test)]
mod tests {
    use super::AUDITABLE;
    use crate::run::root;

    #[test]
    fn the_dockerfile_uses_the_same_version() {
        let text = std::fs::read_to_string(root().join("infra/docker/Dockerfile")).unwrap();
        assert!(text.contains(AUDITABLE));
    }
}
