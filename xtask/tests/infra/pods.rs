//! What a pod may be: unprivileged, bounded, watched, and pinned to a version.

use ::pods::manifests::{Environment, Object};
use serde_json::{Value, json};

use super::{everywhere, planted};

/// Kinds of volumes that the `restricted` profile allows.
const VOLUMES: [&str; 5] = ["configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"];

/// Labels that every object and every pod has.
const LABELS: [&str; 4] = ["name", "component", "part-of", "managed-by"];

fn with_pods(environment: &Environment) -> impl Iterator<Item = (&Object, &Value)> {
    environment.objects.iter().filter_map(|object| Some((object, object.pod_template()?)))
}

/// Fails `rule` for each pod that it says something about.
fn of_pods(environment: &Environment, rule: impl Fn(&Value) -> Vec<String>) -> Vec<String> {
    let told = |(object, template): (&Object, &Value)| {
        let object = object.to_string();
        rule(&template["spec"]).into_iter().map(move |breach| format!("{object} {breach}"))
    };
    with_pods(environment).flat_map(told).collect()
}

/// Fails `rule` for each container that it says something about.
fn of_containers(environment: &Environment, rule: impl Fn(&Value) -> Vec<String>) -> Vec<String> {
    let told = |object: &Object| {
        let each = |container: &&Value| {
            let name = container["name"].as_str().unwrap_or("?").to_owned();
            rule(container)
                .into_iter()
                .map(|breach| format!("{object}, {name}: {breach}"))
                .collect::<Vec<_>>()
        };
        object.containers().iter().flat_map(each).collect::<Vec<_>>()
    };
    environment.objects.iter().flat_map(told).collect()
}

/// The breach that is told if something is not so.
fn unless(so: bool, breach: &str) -> Option<String> {
    (!so).then(|| breach.to_owned())
}

/// Kubernetes' own profile `restricted`, read strictly.
fn restricted(environment: &Environment) -> Vec<String> {
    let mut breaches = of_pods(environment, |pod| {
        let context = &pod["securityContext"];
        let shares = ["hostNetwork", "hostPID", "hostIPC"].iter().any(|name| pod[name] == true);
        let volumes = pod["volumes"].as_array().into_iter().flatten();
        let mut kinds =
            volumes.flat_map(|volume| volume.as_object().into_iter().flatten().map(|(key, _)| key));
        let found = [
            unless(context["runAsNonRoot"] == true, "may run as root"),
            unless(context["runAsUser"].as_u64().is_some_and(|user| user > 0), "names no user"),
            unless(context["seccompProfile"]["type"] == "RuntimeDefault", "has no seccomp profile"),
            unless(!shares, "shares something of the node"),
            unless(
                kinds.all(|key| key == "name" || VOLUMES.contains(&key.as_str())),
                "mounts a forbidden kind of volume",
            ),
        ];
        found.into_iter().flatten().collect()
    });
    breaches.extend(of_containers(environment, |container| {
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
    breaches
}

/// Nobody talks to Kubernetes' API.
fn without_tokens(environment: &Environment) -> Vec<String> {
    let mut breaches = of_pods(environment, |pod| {
        let account = pod["serviceAccountName"].as_str().unwrap_or("default");
        let found = [
            unless(pod["automountServiceAccountToken"] == false, "mounts a token"),
            unless(pod["enableServiceLinks"] == false, "is told of every Service by its environment"),
            unless(environment.find("ServiceAccount", account).is_some(), "has no account of its own"),
        ];
        found.into_iter().flatten().collect()
    });
    let accounts = environment.of_kind("ServiceAccount");
    let open = accounts.filter(|account| account.at("/automountServiceAccountToken") != false);
    breaches.extend(open.map(|account| format!("{account} mounts a token")));
    breaches
}

/// Requests and limits of processor time and memory.
fn bounded(environment: &Environment) -> Vec<String> {
    of_containers(environment, |container| {
        let places = [("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory")];
        let missing = places.iter().filter(|(kind, of)| !container["resources"][kind][of].is_string());
        missing.map(|(kind, of)| format!("has no {kind} of {of}")).collect()
    })
}

/// What runs for good is looked after.
fn watched(environment: &Environment) -> Vec<String> {
    let jobs = ["Job", "CronJob"];
    let objects =
        environment.objects.iter().filter(|object| !jobs.contains(&object.kind())).cloned().collect();
    let lasting = Environment { name: environment.name.clone(), objects };
    of_containers(&lasting, |container| {
        let probes = ["startupProbe", "readinessProbe", "livenessProbe"].iter();
        probes.filter(|probe| !container[probe].is_object()).map(|probe| format!("has no {probe}")).collect()
    })
}

/// By digest, or by a tag that says which version it is.
fn pinned(environment: &Environment) -> Vec<String> {
    of_containers(environment, |container| {
        let image = container["image"].as_str().unwrap_or_default();
        let tag = image.rsplit('/').next().and_then(|name| name.split_once(':')).map(|(_, tag)| tag);
        let is_pinned =
            image.contains("@sha256:") || tag.is_some_and(|tag| tag != "latest" && !tag.is_empty());
        unless(is_pinned, &format!("the image {image:?} is not pinned")).into_iter().collect()
    })
}

fn labelled(environment: &Environment) -> Vec<String> {
    let mut breaches = Vec::new();
    for object in &environment.objects {
        let is_missing =
            |label: &&&str| !object.labels().contains_key(format!("app.kubernetes.io/{label}").as_str());
        breaches
            .extend(LABELS.iter().filter(is_missing).map(|label| format!("{object} has no label {label}")));
        if object.pod_template().is_some() {
            let missing = |label: &&&str| {
                !object.pod_labels().contains_key(format!("app.kubernetes.io/{label}").as_str())
            };
            breaches.extend(
                LABELS.iter().filter(missing).map(|label| format!("{object}'s pods have no label {label}")),
            );
        }
    }
    breaches
}

#[test]
fn pods_are_restricted() {
    everywhere(restricted);
}

#[test]
fn pods_get_no_token() {
    everywhere(without_tokens);
}

#[test]
fn containers_are_bounded() {
    everywhere(bounded);
}

#[test]
fn containers_are_watched() {
    everywhere(watched);
}

#[test]
fn images_are_pinned() {
    everywhere(pinned);
}

#[test]
fn everything_says_what_it_is() {
    everywhere(labelled);
}

#[test]
fn namespaces_are_restricted() {
    everywhere(|environment| {
        let restricted = |object: &&Object| {
            object.labels().get("pod-security.kubernetes.io/enforce") != Some(&"restricted")
        };
        environment.of_kind("Namespace").filter(restricted).map(ToString::to_string).collect()
    });
}

#[test]
fn a_breach_of_each_rule_is_found() {
    const AUTH: (&str, &str) = ("Deployment", "auth");
    const JOB: (&str, &str) = ("CronJob", "backup-auth");
    let pod = |place: &str| format!("/spec/template/spec{place}");
    let first = |place: &str| format!("/spec/template/spec/containers/0{place}");
    planted(restricted, AUTH, &pod("/securityContext/runAsNonRoot"), json!(false), "root");
    planted(restricted, AUTH, &pod("/securityContext/runAsUser"), json!(0), "user");
    planted(restricted, AUTH, &pod("/securityContext/seccompProfile/type"), json!("Unconfined"), "seccomp");
    planted(
        restricted,
        ("StatefulSet", "nats"),
        &pod("/volumes/0"),
        json!({"name": "x", "hostPath": {}}),
        "volume",
    );
    planted(restricted, AUTH, &first("/securityContext"), json!({}), "may gain privileges");
    planted(
        restricted,
        AUTH,
        &first("/securityContext/capabilities/drop"),
        json!(["NET_RAW"]),
        "capabilities",
    );
    planted(
        restricted,
        JOB,
        "/spec/jobTemplate/spec/template/spec/initContainers/0/securityContext/readOnlyRootFilesystem",
        json!(false),
        "write to its image",
    );
    planted(without_tokens, AUTH, &pod("/automountServiceAccountToken"), json!(true), "token");
    planted(without_tokens, AUTH, &pod("/serviceAccountName"), json!("default"), "account");
    planted(bounded, AUTH, &first("/resources/limits"), json!({"cpu": "1"}), "limits of memory");
    planted(watched, AUTH, &first("/livenessProbe"), Value::Null, "livenessProbe");
    planted(pinned, AUTH, &first("/image"), json!("mongo:latest"), "mongo:latest");
    planted(pinned, AUTH, &first("/image"), json!("registry:5000/mongo"), "registry:5000/mongo");
    planted(labelled, AUTH, "/metadata/labels", json!({}), "part-of");
    planted(labelled, AUTH, "/spec/template/metadata/labels", json!({}), "pods");
}
