//! Checks of rendered manifests: Kubernetes' schemas, models of custom resources, and checkov.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use pods::manifests::Object;
use serde_json::{Value, json};
use servers::tools;
use tempfile::TempDir;

use crate::run::{TaskError, root, unusable};
use crate::setup::MANIFEST_CHECKS;

/// The supported Kubernetes versions.
const VERSIONS: [&str; 6] = ["1.31", "1.32", "1.33", "1.34", "1.35", "1.36"];

/// Versions that are checked concurrently.
const MAX_CONCURRENT: usize = 2;

/// API versions without a model. The rules in `xtask/tests/infra` cover them.
const WITHOUT_MODEL: [&str; 1] = ["cilium.io/v2"];

/// A check of all objects. Returns its success message.
pub(super) type Check = fn(&Rendered) -> Result<String, TaskError>;

pub(super) const CHECKS: [Check; 3] = [schemas, custom_resources, checkov];

/// Objects that each check has to reject: a check that was disabled by mistake accepts anything.
pub(super) fn invalid_objects() -> [(Check, Value); 5] {
    let service =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"portz": []}});
    // Removed in Kubernetes 1.25.
    let budget =
        json!({"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "x"}});
    let issuer =
        json!({"apiVersion": "cert-manager.io/v1", "kind": "Issuer", "metadata": {"name": "x"}, "spec": []});
    let rules = json!([{"name": "x", "rules": [{"alert": "x", "expr": "sum(up"}]}]);
    let alert = json!({"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": {"name": "x"}, "spec": {"groups": rules}});
    let container = json!({"name": "x", "image": "x:1", "securityContext": {"privileged": true}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [container]}});
    [
        (schemas, service),
        (schemas, budget),
        (custom_resources, issuer),
        (custom_resources, alert),
        (checkov, pod),
    ]
}

/// Validates strictly in each version: an unknown field is an error, and so is an unknown kind.
fn schemas(rendered: &Rendered) -> Result<String, TaskError> {
    let file = rendered.write("kubernetes.yaml", &rendered.builtin_objects())?;
    for versions in VERSIONS.chunks(MAX_CONCURRENT) {
        thread::scope(|scope| {
            let runs: Vec<_> =
                versions.iter().map(|version| scope.spawn(|| validate(&file, version))).collect();
            runs.into_iter().try_for_each(|run| {
                run.join().unwrap_or_else(|_| Err(TaskError("a validation panicked".to_owned())))
            })
        })?;
    }
    Ok(format!("valid in Kubernetes {}", VERSIONS.join(", ")))
}

fn validate(file: &str, version: &str) -> Result<(), TaskError> {
    let program = tools().join("python/bin/kubernetes-validate").to_string_lossy().into_owned();
    let output = output(&root(), &program, &["--strict", "--quiet", "-k", version, file])?;
    // Unknown kinds are only warnings.
    if output.is_empty() { Ok(()) } else { Err(TaskError(output)) }
}

/// Validates resources of cert-manager, the Gateway API and the Prometheus operator.
fn custom_resources(rendered: &Rendered) -> Result<String, TaskError> {
    let mut objects = rendered.custom_objects();
    objects.retain(|object| !WITHOUT_MODEL.contains(&object.api_version()));
    let file = rendered.write("custom.json", &objects)?;
    output(&root().join(MANIFEST_CHECKS), "node", &["validate.mjs", &file])
}

/// Runs all checks of checkov except for those that `infra/checks/checkov.yaml` skips with a reason.
fn checkov(rendered: &Rendered) -> Result<String, TaskError> {
    let file = rendered.write("kubernetes.yaml", &rendered.builtin_objects())?;
    let program = tools().join("python/bin/checkov").to_string_lossy().into_owned();
    let configuration = root().join("infra/checks/checkov.yaml").to_string_lossy().into_owned();
    let arguments = ["--skip-download", "--config-file", &configuration, "--file", &file];
    output(rendered.folder.path(), &program, &arguments)?;
    Ok("checkov finds nothing".to_owned())
}

/// The standard output and standard error of a program that succeeded.
fn output(folder: &Path, name: &str, arguments: &[&str]) -> Result<String, TaskError> {
    let output = Command::new(name).args(arguments).current_dir(folder).output();
    let output = output.map_err(|error| TaskError(format!("`{name}` cannot be run: {error}")))?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    if output.status.success() { Ok(text) } else { Err(TaskError(format!("`{name}` found errors:\n{text}"))) }
}

/// Rendered objects, and a folder for files of the checks.
pub(super) struct Rendered {
    objects: Vec<Object>,
    folder: TempDir,
}

impl Rendered {
    pub(super) fn new(objects: Vec<Object>) -> Result<Self, TaskError> {
        let folder = tempfile::tempdir().map_err(unusable(&env::temp_dir()))?;
        Ok(Self { objects, folder })
    }

    /// The objects of Kubernetes' own kinds.
    fn builtin_objects(&self) -> Vec<&Object> {
        self.objects.iter().filter(|object| is_builtin(object)).collect()
    }

    /// The objects of other kinds.
    fn custom_objects(&self) -> Vec<&Object> {
        self.objects.iter().filter(|object| !is_builtin(object)).collect()
    }

    /// Writes objects to a file, as a JSON list or as YAML documents.
    fn write(&self, name: &str, objects: &[&Object]) -> Result<String, TaskError> {
        let path = self.folder.path().join(name);
        let text = if path.extension().is_some_and(|extension| extension == "json") {
            json!(objects.iter().map(|object| &object.0).collect::<Vec<_>>()).to_string()
        } else {
            objects.iter().map(|object| object.0.to_string()).collect::<Vec<_>>().join("\n---\n")
        };
        fs::write(&path, text).map_err(unusable(&path))?;
        Ok(path.to_string_lossy().into_owned())
    }
}

/// Kubernetes' own API groups have no dot, or end in `.k8s.io` without being a project's.
fn is_builtin(object: &Object) -> bool {
    let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
    !group.contains('.') || (group.ends_with(".k8s.io") && !group.starts_with("gateway."))
}
