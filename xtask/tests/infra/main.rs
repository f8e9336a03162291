//! Rules for all Kubernetes environments, and tests that violations are found; tests of the scripts in `infra`.

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

use ::pods::manifests::{Environment, render_all, root};

/// Every environment, with and without each component.
fn environments() -> &'static [Environment] {
    static RENDERED: OnceLock<Vec<Environment>> = OnceLock::new();
    RENDERED.get_or_init(|| render_all().unwrap_or_else(|error| panic!("{error}")))
}

/// An environment of `infra/k8s/overlays`, or a combination such as `dev + backup`.
fn environment(name: &str) -> Environment {
    environments().iter().find(|environment| environment.name == name).expect("an overlay").clone()
}

/// The Rust sources below a folder, as one text.
fn sources(folder: &str) -> String {
    fn read(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                read(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    let mut text = String::new();
    read(&root().join(folder), &mut text);
    text
}

/// Fails with all violations of a rule in all environments.
fn assert_everywhere(rule: impl Fn(&Environment) -> Vec<String>) {
    let found = environments().iter().flat_map(|environment| {
        rule(environment).into_iter().map(|violation| format!("{}: {violation}", environment.name))
    });
    assert_none(&found.collect::<Vec<_>>());
}

/// Fails with all violations.
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}", violations.join("\n"));
}

/// Changes a value of an object, and asserts that the rule then finds a violation that contains `words`.
fn assert_violation(
    rule: impl Fn(&Environment) -> Vec<String>,
    (kind, name): (&str, &str),
    pointer: &str,
    value: serde_json::Value,
    words: &str,
) {
    let mut environment = environment("production");
    let object = environment.objects.iter_mut().find(|object| object.kind() == kind && object.name() == name);
    let object = object.unwrap_or_else(|| panic!("there is no {kind} {name}"));
    let target = object.0.pointer_mut(pointer).unwrap_or_else(|| panic!("{kind} {name} has no {pointer}"));
    *target = value;
    let found = rule(&environment);
    assert!(found.iter().any(|violation| violation.contains(words)), "{words}: not in {found:?}");
}

#[test]
fn every_component_is_rendered_with_every_environment_that_it_fits() {
    let names: Vec<_> = environments().iter().map(|environment| environment.name.as_str()).collect();
    for expected in ["dev", "staging", "production", "dev + backup", "staging + router-gateway"] {
        assert!(names.contains(&expected), "{expected} is missing in {names:?}");
    }
}
