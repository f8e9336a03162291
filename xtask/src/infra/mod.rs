//! `cargo xtask infra`: checks what runs in Kubernetes, without a Kubernetes.

mod checkov;
mod custom;
mod lint;
mod schemas;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use pods::manifests::{Environment, Object, render};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{Failed, cargo};
use crate::setup;

pub(crate) use lint::run as lint;

/// Renders every environment with every component, and checks all of it.
pub(crate) fn run() -> Result<(), Failed> {
    setup::infra()?;
    lint()?;
    eprintln!("\n=== manifests");
    let environments = render().map_err(|error| Failed(error.to_string()))?;
    let rendered = Rendered::new(different(&environments))?;
    eprintln!("{} environments, {} different objects", environments.len(), rendered.objects.len());
    for (check, object) in wrong() {
        notices(check, object)?;
    }
    for check in CHECKS {
        eprintln!("{}", check(&rendered)?);
    }
    cargo(&["test", "--package", "xtask", "--test", "infra", "--quiet"], &[])
}

/// Checks everything, and says what it found right.
type Check = fn(&Rendered) -> Result<String, Failed>;

/// What checks.
const CHECKS: [Check; 3] = [schemas::check, custom::check, checkov::check];

/// What each of them has to find wrong: one that was switched off by mistake is content with anything.
fn wrong() -> [(Check, Value); 5] {
    let service =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"portz": []}});
    // Away since Kubernetes 1.25.
    let budget =
        json!({"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "x"}});
    let issuer =
        json!({"apiVersion": "cert-manager.io/v1", "kind": "Issuer", "metadata": {"name": "x"}, "spec": []});
    let rules = json!([{"name": "x", "rules": [{"alert": "x", "expr": "sum(up"}]}]);
    let alert = json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "x"}, "spec": {"groups": rules}});
    let container = json!({"name": "x", "image": "x:1", "securityContext": {"privileged": true}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [container]}});
    [
        (schemas::check, service),
        (schemas::check, budget),
        (custom::check, issuer),
        (custom::check, alert),
        (checkov::check, pod),
    ]
}

fn notices(check: Check, wrong: Value) -> Result<(), Failed> {
    let words = format!("a check of manifests is broken: it accepts {wrong}");
    check(&Rendered::new(vec![Object(wrong)])?).map_or(Ok(()), |_| Err(Failed(words)))
}

/// Runs a program in a folder and gives all that it prints. It fails if the program does.
fn said(folder: &Path, name: &str, arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new(name).args(arguments).current_dir(folder).output();
    let output = output.map_err(|error| Failed(format!("`{name}` cannot be run: {error}")))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    if output.status.success() {
        Ok(said)
    } else {
        Err(Failed(format!("`{name}` finds something wrong:\n{said}")))
    }
}

/// What is checked, and where it is written for those who check it.
struct Rendered {
    objects: Vec<Object>,
    folder: TempDir,
}

impl Rendered {
    fn new(objects: Vec<Object>) -> Result<Self, Failed> {
        let folder =
            tempfile::tempdir().map_err(|error| Failed(format!("no folder can be made: {error}")))?;
        Ok(Self { objects, folder })
    }

    /// The objects that are Kubernetes' own, or those that are not.
    fn of_kubernetes(&self, own: bool) -> Vec<&Object> {
        self.objects.iter().filter(|object| is_of_kubernetes(object) == own).collect()
    }

    /// Writes objects to a file, as a list or (which is YAML) one document after the other.
    fn write(&self, name: &str, objects: &[&Object]) -> Result<String, Failed> {
        let path = self.folder.path().join(name);
        let text = if is_json(&path) {
            json!(objects.iter().map(|object| &object.0).collect::<Vec<_>>()).to_string()
        } else {
            objects.iter().map(|object| object.0.to_string()).collect::<Vec<_>>().join("\n---\n")
        };
        fs::write(&path, text)
            .map_err(|error| Failed(format!("{} cannot be written: {error}", path.display())))?;
        Ok(path.to_string_lossy().into_owned())
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "json")
}

/// Groups of Kubernetes itself have no dot, or end in `.k8s.io` and are in no project's name.
fn is_of_kubernetes(object: &Object) -> bool {
    let group = object.api().split_once('/').map_or("", |(group, _)| group);
    !group.contains('.') || (group.ends_with(".k8s.io") && !group.starts_with("gateway."))
}

/// Each object once, though most are in many environments. The name of the namespace makes no difference.
fn different(environments: &[Environment]) -> Vec<Object> {
    let mut seen = HashMap::new();
    for object in environments.iter().flat_map(|environment| &environment.objects) {
        let mut same = object.0.clone();
        if let Some(metadata) = same["metadata"].as_object_mut() {
            metadata.insert("namespace".to_owned(), Value::Null);
        }
        seen.entry(same.to_string()).or_insert_with(|| object.clone());
    }
    let mut objects: Vec<_> = seen.into_iter().collect();
    objects.sort_by(|(one, _), (other, _)| one.cmp(other));
    objects.into_iter().map(|(_, object)| object).collect()
}
