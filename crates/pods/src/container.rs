//! A container as Kubernetes would run it, in podman's words.

use crate::manifests::Object;
use serde_json::Value;

use crate::PodsError;
use crate::quantity::{memory, processors};
use crate::settings::{list, text};

/// What a pod may say, and what its container: everything else would be left out silently.
const POD: [&str; 8] = [
    "automountServiceAccountToken",
    "containers",
    "enableServiceLinks",
    "securityContext",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
    "topologySpreadConstraints",
    "volumes",
];
const CONTAINER: [&str; 15] = [
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resources",
    "securityContext",
    "startupProbe",
    "volumeMounts",
];

fn understood(owner: &Object, what: &Value, known: &[&str]) -> Result<(), PodsError> {
    let mut fields = what.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let unknown = fields.find(|name| !known.contains(name));
    unknown.map_or(Ok(()), |name| {
        Err(PodsError::manifest(format!("{owner} says `{name}`, which nobody here understands")))
    })
}

/// The one container of an object's pods.
pub(crate) fn only(owner: &Object) -> Result<&Value, PodsError> {
    match owner.containers().as_slice() {
        [one] => {
            understood(owner, &owner.pod_template().unwrap_or(&Value::Null)["spec"], &POD)?;
            understood(owner, one, &CONTAINER)?;
            Ok(one)
        }
        several => {
            Err(PodsError::manifest(format!("{owner} has {} containers; one can be run", several.len())))
        }
    }
}

/// podman's arguments for what a container may do and use. Nothing is left out silently: what is not said here as it
/// should be is refused.
pub(crate) fn limits(owner: &Object) -> Result<Vec<String>, PodsError> {
    let container = only(owner)?;
    let pod = &owner.pod_template().unwrap_or(&Value::Null)["spec"]["securityContext"];
    let own = &container["securityContext"];
    let must = |holds: bool, what: &str| {
        holds.then_some(()).ok_or_else(|| PodsError::manifest(format!("{owner} does not say {what}")))
    };
    must(own["readOnlyRootFilesystem"] == true, "readOnlyRootFilesystem: true")?;
    must(own["allowPrivilegeEscalation"] == false, "allowPrivilegeEscalation: false")?;
    must(pod["runAsNonRoot"] == true, "runAsNonRoot: true")?;
    // podman's own default.
    must(pod["seccompProfile"]["type"] == "RuntimeDefault", "seccompProfile: RuntimeDefault")?;
    let number =
        |name: &str| pod[name].as_u64().ok_or_else(|| PodsError::manifest(format!("{owner} has no {name}")));
    let limits = &container["resources"]["limits"];
    let memory = memory(&text(&limits["memory"]))?;
    let mut arguments = vec![
        format!("--user={}:{}", number("runAsUser")?, number("runAsGroup")?),
        "--read-only".to_owned(),
        // Otherwise podman gives /tmp and others, which Kubernetes does not.
        "--read-only-tmpfs=false".to_owned(),
        "--security-opt=no-new-privileges".to_owned(),
        format!("--cpus={}", processors(&text(&limits["cpu"]))?),
        format!("--memory={memory}"),
        format!("--memory-swap={memory}"),
    ];
    let dropped = list(&own["capabilities"]["drop"]).iter();
    arguments.extend(dropped.map(|name| format!("--cap-drop={}", text(name).to_lowercase())));
    Ok(arguments)
}

/// Where Kubernetes asks whether a pod is ready: the port's name, and the path.
pub(crate) fn readiness(owner: &Object) -> Result<(String, String), PodsError> {
    let probe = &only(owner)?["readinessProbe"]["httpGet"];
    match (probe["port"].as_str(), probe["path"].as_str()) {
        (Some(port), Some(path)) => Ok((port.to_owned(), path.to_owned())),
        _ => Err(PodsError::manifest(format!("{owner} is not asked by HTTP whether it is ready"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment() -> Object {
        let container = json!({
            "name": "tickets",
            "ports": [{ "name": "http", "containerPort": 8080 }],
            "resources": { "limits": { "cpu": "500m", "memory": "128Mi" } },
            "readinessProbe": { "httpGet": { "path": "/readyz", "port": "http" } },
            "securityContext": {
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": { "drop": ["ALL"] },
            },
        });
        let context = json!({
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65533,
            "seccompProfile": { "type": "RuntimeDefault" },
        });
        Object(json!({
            "kind": "Deployment",
            "metadata": { "name": "tickets" },
            "spec": { "template": { "spec": { "securityContext": context, "containers": [container] } } },
        }))
    }

    #[test]
    fn podman_is_told_everything_that_the_manifest_says() {
        assert_eq!(
            limits(&deployment()).unwrap(),
            [
                "--user=65532:65533",
                "--read-only",
                "--read-only-tmpfs=false",
                "--security-opt=no-new-privileges",
                "--cpus=0.5",
                "--memory=128m",
                "--memory-swap=128m",
                "--cap-drop=all",
            ]
        );
        assert_eq!(readiness(&deployment()).unwrap(), ("http".to_owned(), "/readyz".to_owned()));
    }

    #[test]
    fn what_nobody_here_understands_is_refused() {
        for (place, name) in
            [("/spec/template/spec", "hostNetwork"), ("/spec/template/spec/containers/0", "workingDir")]
        {
            let mut object = deployment();
            object.0.pointer_mut(place).expect("it is there")[name] = json!("x");
            let refused = limits(&object).unwrap_err().to_string();
            assert!(refused.contains(name), "{refused}");
        }
    }

    #[test]
    fn what_the_manifest_leaves_out_is_refused() {
        for place in [
            "/spec/template/spec/securityContext/runAsUser",
            "/spec/template/spec/securityContext/runAsNonRoot",
            "/spec/template/spec/securityContext/seccompProfile",
            "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem",
            "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation",
            "/spec/template/spec/containers/0/resources/limits/memory",
            "/spec/template/spec/containers/0/resources/limits/cpu",
        ] {
            let mut object = deployment();
            *object.0.pointer_mut(place).expect("it is there") = Value::Null;
            assert!(limits(&object).is_err(), "{place}");
        }
    }
}
