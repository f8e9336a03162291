//! All lists of services are equal, and the scripts that deploy them work.

mod deploy;
mod digitalocean;
mod manifests;
mod sandbox;
mod skaffold;
mod workflows;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use servers::cluster::SERVICES;

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn yaml(path: &str) -> serde_json::Value {
    serde_saphyr::from_str(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The programs that have an image.
fn images() -> BTreeSet<String> {
    SERVICES.iter().map(|service| service.name).chain(["stripe-sim"]).map(str::to_owned).collect()
}

/// The output of `cargo xtask image-keys`.
fn image_keys(arguments: &[&str]) -> serde_json::Value {
    let mut xtask = std::process::Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = xtask.arg("image-keys").args(arguments).output().expect("xtask");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_image_has_a_key() {
    let keys = image_keys(&[]);
    let names: BTreeSet<_> = keys.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(names, images());
}
