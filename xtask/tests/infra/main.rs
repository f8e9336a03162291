//! The rules that every environment in Kubernetes keeps, and that a breach of each is found.

mod alerts;
mod availability;
mod backup;
mod broker;
mod database;
mod network;
mod pods;
mod references;
mod routes;
mod scripts;
mod secrets;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use ::pods::manifests::{Environment, render, root};

/// Every environment, with and without each component.
fn environments() -> &'static [Environment] {
    static RENDERED: OnceLock<Vec<Environment>> = OnceLock::new();
    RENDERED.get_or_init(|| render().unwrap_or_else(|error| panic!("{error}")))
}

/// An environment as it stands in `infra/k8s/overlays`.
fn environment(name: &str) -> Environment {
    environments().iter().find(|environment| environment.name == name).expect("an overlay").clone()
}

/// The sources of all programs, as one text.
fn sources() -> String {
    fn read(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                read(&path, text);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text.push_str(&fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    let mut text = String::new();
    read(&root().join("crates"), &mut text);
    text
}

/// Fails with every breach of a rule in any environment.
fn everywhere(rule: impl Fn(&Environment) -> Vec<String>) {
    let found = environments().iter().flat_map(|environment| {
        rule(environment).into_iter().map(|breach| format!("{}: {breach}", environment.name))
    });
    none(&found.collect::<Vec<_>>());
}

/// Fails with every breach at once.
fn none(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

/// Changes what is at a place of an object, and expects that a rule then finds one breach that contains these words.
fn planted(
    rule: impl Fn(&Environment) -> Vec<String>,
    (kind, name): (&str, &str),
    place: &str,
    value: serde_json::Value,
    words: &str,
) {
    let mut environment = environment("production");
    let object = environment.objects.iter_mut().find(|object| object.kind() == kind && object.name() == name);
    let object = object.unwrap_or_else(|| panic!("there is no {kind} {name}"));
    let target = object.0.pointer_mut(place).unwrap_or_else(|| panic!("{kind} {name} has no {place}"));
    *target = value;
    let found = rule(&environment);
    assert!(found.iter().any(|breach| breach.contains(words)), "{words}: not in {found:?}");
}

#[test]
fn every_component_is_rendered_with_every_environment_that_it_fits() {
    let names: Vec<_> = environments().iter().map(|environment| environment.name.as_str()).collect();
    for expected in ["dev", "staging", "production", "dev + backup", "staging + router-gateway"] {
        assert!(names.contains(&expected), "{expected} is missing in {names:?}");
    }
}
