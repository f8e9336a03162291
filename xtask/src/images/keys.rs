//! `cargo xtask image-keys`: a key for the contents of each image, known before the image is built.
//!
//! Sources with the same key produce the same image. A registry that has an image under its key needs no new build,
//! whichever commit was deployed last.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::names;
use crate::run::{TaskError, output, output_in, root};

/// Paths whose change may change every program.
const SHARED_PATHS: [&str; 4] = [".dockerignore", "Cargo.lock", "Cargo.toml", "infra/docker"];

/// Prints the keys of all images as JSON, or the paths that they are computed from.
pub(crate) fn print(paths: bool) -> Result<(), TaskError> {
    let inputs = inputs()?;
    if paths {
        println!("{}", serde_json::json!(inputs));
        return Ok(());
    }
    let mut keys = BTreeMap::new();
    for (name, paths) in inputs {
        keys.insert(name, key(&root(), &paths)?);
    }
    println!("{}", serde_json::json!(keys));
    Ok(())
}

/// The key of the last committed contents of these paths.
fn key(repository: &Path, paths: &BTreeSet<String>) -> Result<String, TaskError> {
    let mut arguments = vec!["ls-tree", "-r", "--full-tree", "HEAD", "--"];
    arguments.extend(paths.iter().map(String::as_str));
    let tree = output_in(repository, "git", &arguments)?;
    hash(&tree).map_err(|error| TaskError(format!("git cannot compute a key: {error}")))
}

fn hash(text: &str) -> std::io::Result<String> {
    let mut command = Command::new("git");
    let mut git =
        command.args(["hash-object", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    // Dropping the pipe ends the input.
    git.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()))?;
    let output = git.wait_with_output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The source paths of each image, from the repository's root.
fn inputs() -> Result<BTreeMap<&'static str, BTreeSet<String>>, TaskError> {
    let crates = crates()?;
    let inputs = names().map(|name| {
        let mut paths: BTreeSet<_> = SHARED_PATHS.iter().map(|path| (*path).to_owned()).collect();
        paths.extend(reachable_from(name, &crates).into_iter().map(|name| format!("crates/{name}")));
        (name, paths)
    });
    Ok(inputs.collect())
}

/// The workspace's crates with their dependencies in the workspace, without dev-dependencies.
fn crates() -> Result<BTreeMap<String, Vec<String>>, TaskError> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let text = output(&cargo, &["metadata", "--no-deps", "--format-version", "1", "--offline"])?;
    let metadata: Value = serde_json::from_str(&text)
        .map_err(|error| TaskError(format!("`cargo metadata` cannot be parsed: {error}")))?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_crate =
        |package: &&Value| package["manifest_path"].as_str().unwrap_or_default().contains("/crates/");
    let crates = packages.iter().filter(is_crate);
    Ok(crates.map(|package| (text_of(&package["name"]), dependencies(package))).collect())
}

fn dependencies(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().map(Vec::as_slice).unwrap_or_default();
    let needed = all.iter().filter(|one| one["kind"] != "dev" && one["path"].is_string());
    needed.map(|one| text_of(&one["name"])).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A crate and its direct and indirect dependencies. Terminates: cargo refuses cycles.
fn reachable_from(name: &str, crates: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
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
    use std::fs;

    /// Writes a file, commits it, and returns the key of `crates/tickets`.
    fn after(repository: &Path, file: &str, text: &str) -> String {
        let path = repository.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        let git = |arguments: &[&str]| output_in(repository, "git", arguments).unwrap();
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        git(&["-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--message", "x"]);
        key(repository, &["crates/tickets".to_owned()].into()).unwrap()
    }

    #[test]
    fn a_key_changes_with_the_contents_of_the_image_only() {
        let folder = tempfile::tempdir().unwrap();
        let first = after(folder.path(), "crates/tickets/src/main.rs", "1");
        assert_eq!(first.len(), 40);
        assert_eq!(after(folder.path(), "crates/orders/src/main.rs", "1"), first);
        let second = after(folder.path(), "crates/tickets/src/main.rs", "2");
        assert_ne!(second, first);
        assert_eq!(after(folder.path(), "crates/tickets/src/main.rs", "1"), first);
    }

    /// The images that a change of a path changes.
    fn changed_by(path: &str) -> Vec<&'static str> {
        let inputs = inputs().unwrap();
        assert!(root().join(path).exists(), "{path} does not exist");
        inputs
            .into_iter()
            .filter(|(_, paths)| paths.iter().any(|one| path.starts_with(one)))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn a_shared_crate_changes_every_image_that_contains_it() {
        let mut all: Vec<_> = names().collect();
        all.sort_unstable();
        for path in ["crates/common/src/lib.rs", "Cargo.lock", "infra/docker/Dockerfile"] {
            assert_eq!(changed_by(path), all, "{path}");
        }
        // The client itself does not depend on the bus, but `runtime` does.
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
