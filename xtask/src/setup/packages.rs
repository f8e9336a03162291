//! What the browser tests use of npm, in the very versions of their lock file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Failed, output_in, root};

/// Where the browser tests live, from the root.
pub(crate) const FOLDER: &str = "crates/client/tests/browser";

/// Installs the packages, unless those of this lock file are there.
pub(crate) fn provide() -> Result<(), Failed> {
    let folder = root().join(FOLDER);
    let lock = read(&folder.join("package-lock.json"))?;
    let (stamp, modules) = (stamp(), folder.join("node_modules"));
    let is_there = modules.is_dir() && fs::read(&stamp).is_ok_and(|installed| installed == lock);
    if !is_there {
        eprintln!("setup: installing npm packages in {FOLDER}");
        output_in(&folder, "npm", &["ci", "--ignore-scripts"])?;
        write(&stamp, &lock)?;
    }
    eprintln!("setup: npm packages as in {FOLDER}/package-lock.json");
    Ok(())
}

/// The lock file that was installed last.
fn stamp() -> PathBuf {
    root().join(".tools/browser-tests.json")
}

fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    fs::read(path).map_err(|error| Failed(format!("{} cannot be read: {error}", path.display())))
}

fn write(path: &Path, text: &[u8]) -> Result<(), Failed> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| Failed(format!("{} cannot be written: {error}", path.display())))
}
