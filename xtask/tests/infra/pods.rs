//! Rules for pods: unprivileged, with resource limits, probes, labels and pinned images.

use ::pods::manifests::{Environment, Object};
use serde_json::{Value, json};

use super::{assert_everywhere, assert_violation};

/// Kinds of volumes that the `restricted` profile allows.
const VOLUMES: [&str; 5] = ["configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"];

/// Labels of every object and every pod.
const LABELS: [&str; 4] = ["name", "component", "part-of", "managed-by"];

fn with_pods(environment: &Environment) -> impl Iterator<Item = (&Object, &Value)> {
    environment.objects.iter().filter_map(|object| Some((object, object.pod_template()?)))
}

/// The violations of a rule by pods.
fn pod_violations(environment: &Environment, rule: impl Fn(&Value) -> Vec<String>) -> Vec<String> {
    let violations = |(object, template): (&Object, &Value)| {
        let object = object.to_string();
        rule(&template["spec"]).into_iter().map(move |violation| format!("{object} {violation}"))
    };
    with_pods(environment).flat_map(violations).collect()
}

/// The violations of a rule by containers.
fn container_violations(environment: &Environment, rule: impl Fn(&Value) -> Vec<String>) -> Vec<String> {
    let violations = |object: &Object| {
        let each = |container: &&Value| {
            let name = container["name"].as_str().unwrap_or("?").to_owned();
            rule(container)
                .into_iter()
                .map(|violation| format!("{object}, {name}: {violation}"))
                .collect::<Vec<_>>()
        };
        object.containers().iter().flat_map(each).collect::<Vec<_>>()
    };
    environment.objects.iter().flat_map(violations).collect()
}

/// The violation, unless the condition holds.
fn unless(condition: bool, violation: &str) -> Option<String> {
    (!condition).then(|| violation.to_owned())
}

/// Kubernetes' profile `restricted`, with required fields.
fn restricted(environment: &Environment) -> Vec<String> {
    let mut violations = pod_violations(environment, |pod| {
        let context = &pod["securityContext"];
        let shares = ["hostNetwork", "hostPID", "hostIPC"].iter().any(|name| pod[name] == true);
        let volumes = pod["volumes"].as_array().into_iter().flatten();
        let mut kinds =
            volumes.flat_map(|volume| volume.as_object().into_iter().flatten().map(|(key, _)| key));
        let found = [
            unless(context["runAsNonRoot"] == true, "may run as root"),
            unless(context["runAsUser"].as_u64().is_some_and(|user| user > 0), "has no user"),
            unless(context["seccompProfile"]["type"] == "RuntimeDefault", "has no seccomp profile"),
            unless(!shares, "shares a namespace of the node"),
            unless(
                kinds.all(|key| key == "name" || VOLUMES.contains(&key.as_str())),
                "mounts a forbidden kind of volume",
            ),
        ];
        found.into_iter().flatten().collect()
    });
    violations.extend(container_violations(environment, |container| {
        let context = &container["securityContext"];
        let found = [
            unless(context["allowPrivilegeEscalation"] == false, "may gain privileges"),
            unless(context["privileged"] != true, "is privileged"),
            unless(context["readOnlyRootFilesystem"] == true, "may write to its image"),
            unless(context["capabilities"]["drop"] == json!(["ALL"]), "keeps capabilities"),
            unless(context["capabilities"]["add"].is_null(), "adds capabilities"),
        ];
        found.into_iter().flatten().collect()
    }));
    violations
}

/// No pod can use the Kubernetes API.
fn without_tokens(environment: &Environment) -> Vec<String> {
    let mut violations = pod_violations(environment, |pod| {
        let account = pod["serviceAccountName"].as_str().unwrap_or("default");
        let found = [
            unless(pod["automountServiceAccountToken"] == false, "mounts a token"),
            unless(pod["enableServiceLinks"] == false, "has environment variables of all Services"),
            unless(environment.find("ServiceAccount", account).is_some(), "has no account of its own"),
        ];
        found.into_iter().flatten().collect()
    });
    let accounts = environment.of_kind("ServiceAccount");
    let open = accounts.filter(|account| account.at("/automountServiceAccountToken") != false);
    violations.extend(open.map(|account| format!("{account} mounts a token")));
    violations
}

/// Requests and limits of CPU and memory.
fn limited(environment: &Environment) -> Vec<String> {
    container_violations(environment, |container| {
        let places = [("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory")];
        let missing = places.iter().filter(|(kind, of)| !container["resources"][kind][of].is_string());
        missing.map(|(kind, of)| format!("has no {kind} of {of}")).collect()
    })
}

/// Long-running containers have all probes.
fn probed(environment: &Environment) -> Vec<String> {
    let jobs = ["Job", "CronJob"];
    let objects =
        environment.objects.iter().filter(|object| !jobs.contains(&object.kind())).cloned().collect();
    let long_running = Environment { name: environment.name.clone(), objects };
    container_violations(&long_running, |container| {
        let probes = ["startupProbe", "readinessProbe", "livenessProbe"].iter();
        probes.filter(|probe| !container[probe].is_object()).map(|probe| format!("has no {probe}")).collect()
    })
}

/// Images have a digest, or a tag with a version.
fn pinned(environment: &Environment) -> Vec<String> {
    container_violations(environment, |container| {
        let image = container["image"].as_str().unwrap_or_default();
        let tag = image.rsplit('/').next().and_then(|name| name.split_once(':')).map(|(_, tag)| tag);
        let is_pinned =
            image.contains("@sha256:") || tag.is_some_and(|tag| tag != "latest" && !tag.is_empty());
        unless(is_pinned, &format!("the image {image:?} is not pinned")).into_iter().collect()
    })
}

fn labelled(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
    for object in &environment.objects {
        let is_missing =
            |label: &&&str| !object.labels().contains_key(format!("app.kubernetes.io/{label}").as_str());
        violations
            .extend(LABELS.iter().filter(is_missing).map(|label| format!("{object} has no label {label}")));
        if object.pod_template().is_some() {
            let missing = |label: &&&str| {
                !object.pod_labels().contains_key(format!("app.kubernetes.io/{label}").as_str())
            };
            violations.extend(
                LABELS.iter().filter(missing).map(|label| format!("{object}'s pods have no label {label}")),
            );
        }
    }
    violations
}

#[test]
fn pods_are_restricted() {
    assert_everywhere(restricted);
}

#[test]
fn pods_have_no_token() {
    assert_everywhere(without_tokens);
}

#[test]
fn containers_have_limits() {
    assert_everywhere(limited);
}

#[test]
fn containers_have_probes() {
    assert_everywhere(probed);
}

#[test]
fn images_are_pinned() {
    assert_everywhere(pinned);
}

#[test]
fn objects_and_pods_are_labelled() {
    assert_everywhere(labelled);
}

#[test]
fn namespaces_are_restricted() {
    assert_everywhere(|environment| {
        let restricted = |object: &&Object| {
            object.labels().get("pod-security.kubernetes.io/enforce") != Some(&"restricted")
        };
        environment.of_kind("Namespace").filter(restricted).map(ToString::to_string).collect()
    });
}

#[test]
fn a_violation_of_each_rule_is_found() {
    const AUTH: (&str, &str) = ("Deployment", "auth");
    const JOB: (&str, &str) = ("CronJob", "backup-auth");
    let pod = |pointer: &str| format!("/spec/template/spec{pointer}");
    let first = |pointer: &str| format!("/spec/template/spec/containers/0{pointer}");
    assert_violation(restricted, AUTH, &pod("/securityContext/runAsNonRoot"), json!(false), "root");
    assert_violation(restricted, AUTH, &pod("/securityContext/runAsUser"), json!(0), "user");
    assert_violation(
        restricted,
        AUTH,
        &pod("/securityContext/seccompProfile/type"),
        json!("Unconfined"),
        "seccomp",
    );
    assert_violation(
        restricted,
        ("StatefulSet", "nats"),
        &pod("/volumes/0"),
        json!({"name": "x", "hostPath": {}}),
        "volume",
    );
    assert_violation(restricted, AUTH, &first("/securityContext"), json!({}), "may gain privileges");
    assert_violation(
        restricted,
        AUTH,
        &first("/securityContext/capabilities/drop"),
        json!(["NET_RAW"]),
        "capabilities",
    );
    assert_violation(
        restricted,
        JOB,
        "/spec/jobTemplate/spec/template/spec/initContainers/0/securityContext/readOnlyRootFilesystem",
        json!(false),
        "write to its image",
    );
    assert_violation(without_tokens, AUTH, &pod("/automountServiceAccountToken"), json!(true), "token");
    assert_violation(without_tokens, AUTH, &pod("/serviceAccountName"), json!("default"), "account");
    assert_violation(limited, AUTH, &first("/resources/limits"), json!({"cpu": "1"}), "limits of memory");
    assert_violation(probed, AUTH, &first("/livenessProbe"), Value::Null, "livenessProbe");
    assert_violation(pinned, AUTH, &first("/image"), json!("mongo:latest"), "mongo:latest");
    assert_violation(pinned, AUTH, &first("/image"), json!("registry:5000/mongo"), "registry:5000/mongo");
    assert_violation(labelled, AUTH, "/metadata/labels", json!({}), "part-of");
    assert_violation(labelled, AUTH, "/spec/template/metadata/labels", json!({}), "pods");
}
