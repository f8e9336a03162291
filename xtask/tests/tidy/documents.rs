//! Documents stay true: every path and crate that they name exists.

use super::{files, none, read, root};

const DOCUMENTS: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

/// The first components of the project's own paths.
const TOPS: [&str; 8] =
    ["crates/", "xtask/", "docs/", "infra/", ".github/", ".ci/", ".cargo/", "skaffold.yaml"];

fn documents() -> Vec<(String, String)> {
    let mut paths: Vec<_> = DOCUMENTS.iter().map(|name| root().join(name)).collect();
    paths.extend(files(&root().join("docs"), ".md"));
    paths.iter().map(|path| read(path)).collect()
}

/// The texts between backticks, and the relative links.
fn names(text: &str) -> Vec<String> {
    let code = text.split('`').skip(1).step_by(2).map(str::to_owned);
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned);
    code.chain(links).collect()
}

#[test]
fn every_path_that_a_document_names_exists() {
    let mut breaches = Vec::new();
    for (document, text) in documents() {
        for name in names(&text) {
            let path = name.split(['#', ' ', '*', '<', '{']).next().unwrap_or_default();
            let ours = TOPS.iter().any(|top| path.starts_with(top)) || DOCUMENTS.contains(&path);
            if ours && !root().join(path.trim_end_matches('/')).exists() {
                breaches.push(format!("{document} names `{path}`, which does not exist"));
            }
        }
    }
    none(&breaches);
}

#[test]
fn the_architecture_names_every_crate() {
    let (_, text) = read(&root().join("ARCHITECTURE.md"));
    let crates = std::fs::read_dir(root().join("crates")).expect("crates");
    let missing = crates
        .map(|entry| entry.expect("a crate").file_name().display().to_string())
        .filter(|name| !text.contains(&format!("`{name}`")) && !text.contains(&format!("crates/{name}")));
    none(&missing.map(|name| format!("ARCHITECTURE.md does not name `{name}`")).collect::<Vec<_>>());
}

#[test]
fn ci_runs_the_command_that_the_readme_names() {
    let (_, readme) = read(&root().join("README.md"));
    let (_, ci) = read(&root().join(".ci/run"));
    assert!(readme.contains("cargo run --release"), "README.md tells how to start");
    assert!(readme.contains("cargo xtask test"), "README.md tells how to test");
    assert!(ci.contains("cargo xtask test"), ".ci/run runs that very command");
}
