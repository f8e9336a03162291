//! What an image is made of: the crates that its program needs, and what is the same for all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::names;
use crate::run::{Failed, output};

/// A change of these may change every program.
const ALWAYS: [&str; 4] = [".dockerignore", "Cargo.lock", "Cargo.toml", "infra/docker"];

/// The paths that decide what is in each image, from the repository's root.
pub(crate) fn of_all() -> Result<BTreeMap<&'static str, BTreeSet<String>>, Failed> {
    let crates = crates()?;
    let inputs = names().map(|name| {
        let mut paths: BTreeSet<_> = ALWAYS.iter().map(|path| (*path).to_owned()).collect();
        paths.extend(reached_from(name, &crates).into_iter().map(|name| format!("crates/{name}")));
        (name, paths)
    });
    Ok(inputs.collect())
}

/// Our crates, and those of ours that each needs to be compiled; tests may need more.
fn crates() -> Result<BTreeMap<String, Vec<String>>, Failed> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let text = output(&cargo, &["metadata", "--no-deps", "--format-version", "1", "--offline"])?;
    let metadata: Value = serde_json::from_str(&text)
        .map_err(|error| Failed(format!("`cargo metadata` cannot be understood: {error}")))?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let folder = |package: &Value| package["manifest_path"].as_str().unwrap_or_default().contains("/crates/");
    let ours = packages.iter().filter(|package| folder(package));
    Ok(ours.map(|package| (text_of(&package["name"]), needs(package))).collect())
}

fn needs(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let needed = all.iter().filter(|one| one["kind"] != "dev" && one["path"].is_string());
    needed.map(|one| text_of(&one["name"])).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// There are no circles among crates, so this ends.
fn reached_from(name: &str, crates: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![name.to_owned()]);
    while let Some(next) = open.pop() {
        open.extend(crates.get(&next).into_iter().flatten().cloned());
        reached.insert(next);
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::root;

    /// The images that a change of a path changes.
    fn changed_by(path: &str) -> Vec<&'static str> {
        let inputs = of_all().unwrap();
        assert!(root().join(path).exists(), "{path} is gone");
        inputs
            .into_iter()
            .filter(|(_, paths)| paths.iter().any(|one| path.starts_with(one)))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn what_services_share_changes_every_image_that_has_it() {
        let mut all: Vec<_> = names().collect();
        all.sort_unstable();
        for path in ["crates/common/src/lib.rs", "Cargo.lock", "infra/docker/Dockerfile"] {
            assert_eq!(changed_by(path), all, "{path}");
        }
        // The pages know no bus by themselves, but what every main needs does.
        assert!(changed_by("crates/bus/src/lib.rs").contains(&"client"));
    }

    #[test]
    fn a_service_changes_its_own_image_and_no_other() {
        for name in names() {
            assert_eq!(changed_by(&format!("crates/{name}/src/main.rs")), [name]);
        }
    }

    #[test]
    fn tests_documents_and_manifests_change_no_image() {
        for path in [
            "crates/e2e/src/lib.rs",
            "crates/ticketing/src/main.rs",
            "crates/servers/src/lib.rs",
            "README.md",
            "xtask/src/main.rs",
        ] {
            assert!(changed_by(path).is_empty(), "{path}");
        }
    }
}
