//! `cargo xtask image-keys`: a name for the contents of each image, known before it is built.
//!
//! Two states of the sources with the same key make the same image. So what a registry holds under its key need not be
//! built again, whichever change was the last to be deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::inputs;
use crate::run::{Failed, output_in, root};

/// Prints the keys of all images as JSON, or the paths that they are computed from.
pub(crate) fn print(paths: bool) -> Result<(), Failed> {
    let inputs = inputs::of_all()?;
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

/// The key of what was committed last at these paths of a repository.
fn key(repository: &Path, paths: &BTreeSet<String>) -> Result<String, Failed> {
    let mut arguments = vec!["ls-tree", "-r", "--full-tree", "HEAD", "--"];
    arguments.extend(paths.iter().map(String::as_str));
    let tree = output_in(repository, "git", &arguments)?;
    hash(&tree).map_err(|error| Failed(format!("git cannot compute a key: {error}")))
}

fn hash(text: &str) -> std::io::Result<String> {
    let mut command = Command::new("git");
    let mut git =
        command.args(["hash-object", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    // Dropped at once, which is its end.
    git.stdin.take().map_or(Ok(()), |mut input| input.write_all(text.as_bytes()))?;
    let output = git.wait_with_output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
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
    fn a_key_changes_with_what_is_in_the_image_and_with_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let first = after(folder.path(), "crates/tickets/src/main.rs", "1");
        assert_eq!(first.len(), 40);
        assert_eq!(after(folder.path(), "crates/orders/src/main.rs", "1"), first);
        let second = after(folder.path(), "crates/tickets/src/main.rs", "2");
        assert_ne!(second, first);
        assert_eq!(after(folder.path(), "crates/tickets/src/main.rs", "1"), first);
    }
}
