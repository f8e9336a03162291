//! `cargo xtask infra` and `lint`: checks of the Kubernetes manifests without a cluster, and linters.

mod checks;
mod lint;

use std::collections::HashMap;

use pods::manifests::{Environment, Object, render_all};
use serde_json::Value;

use crate::run::{TaskError, cargo};
use crate::setup;

use checks::{CHECKS, Rendered, invalid_objects};

pub(crate) use lint::run as lint;

/// Renders every environment with every component, and checks all objects.
pub(crate) fn run() -> Result<(), TaskError> {
    setup::infra()?;
    lint()?;
    eprintln!("\n=== manifests");
    let environments = render_all().map_err(|error| TaskError(error.to_string()))?;
    let objects = distinct(&environments);
    eprintln!("{} environments, {} distinct objects", environments.len(), objects.len());
    for (check, object) in invalid_objects() {
        let accepted = format!("a check of manifests is broken: it accepts {object}");
        if check(&Rendered::new(vec![Object(object)])?).is_ok() {
            return Err(TaskError(accepted));
        }
    }
    let rendered = Rendered::new(objects)?;
    for check in CHECKS {
        eprintln!("{}", check(&rendered)?);
    }
    cargo(&["test", "--package", "xtask", "--test", "infra", "--quiet"], &[])
}

/// The distinct objects of all environments, regardless of their namespaces.
fn distinct(environments: &[Environment]) -> Vec<Object> {
    let mut seen = HashMap::new();
    for object in environments.iter().flat_map(|environment| &environment.objects) {
        let mut key = object.0.clone();
        if let Some(metadata) = key["metadata"].as_object_mut() {
            metadata.insert("namespace".to_owned(), Value::Null);
        }
        seen.entry(key.to_string()).or_insert_with(|| object.clone());
    }
    let mut objects: Vec<_> = seen.into_iter().collect();
    objects.sort_by(|(one, _), (other, _)| one.cmp(other));
    objects.into_iter().map(|(_, object)| object).collect()
}
