//! podman arguments for a container's security context, resources and probe.

use serde_json::Value;

use crate::PodsError;
use crate::container_env::{list, text};
use crate::manifests::Object;

/// Supported fields of a pod. Others are an error, not ignored.
const POD_FIELDS: [&str; 8] = [
    "automountServiceAccountToken",
    "containers",
    "enableServiceLinks",
    "securityContext",
    "serviceAccountName",
    "terminationGracePeriodSeconds",
    "topologySpreadConstraints",
    "volumes",
];
/// Supported fields of a container.
const CONTAINER_FIELDS: [&str; 15] = [
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

fn check_fields(owner: &Object, value: &Value, supported: &[&str]) -> Result<(), PodsError> {
    let mut fields = value.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let unknown = fields.find(|name| !supported.contains(name));
    unknown.map_or(Ok(()), |name| {
        Err(PodsError::manifest(format!("{owner} has the unsupported field `{name}`")))
    })
}

/// The only container of an object's pods.
pub(crate) fn only_container(owner: &Object) -> Result<&Value, PodsError> {
    match owner.containers().as_slice() {
        [one] => {
            check_fields(owner, &owner.pod_template().unwrap_or(&Value::Null)["spec"], &POD_FIELDS)?;
            check_fields(owner, one, &CONTAINER_FIELDS)?;
            Ok(one)
        }
        several => Err(PodsError::manifest(format!(
            "{owner} has {} containers; only one is supported",
            several.len()
        ))),
    }
}

/// podman arguments for privileges and resource limits. A missing field is an error, not a default.
pub(crate) fn restrictions(owner: &Object) -> Result<Vec<String>, PodsError> {
    let container = only_container(owner)?;
    let pod = &owner.pod_template().unwrap_or(&Value::Null)["spec"]["securityContext"];
    let own = &container["securityContext"];
    let must = |holds: bool, field: &str| {
        holds.then_some(()).ok_or_else(|| PodsError::manifest(format!("{owner} lacks {field}")))
    };
    must(own["readOnlyRootFilesystem"] == true, "readOnlyRootFilesystem: true")?;
    must(own["allowPrivilegeEscalation"] == false, "allowPrivilegeEscalation: false")?;
    must(pod["runAsNonRoot"] == true, "runAsNonRoot: true")?;
    // podman's default.
    must(pod["seccompProfile"]["type"] == "RuntimeDefault", "seccompProfile: RuntimeDefault")?;
    let number =
        |name: &str| pod[name].as_u64().ok_or_else(|| PodsError::manifest(format!("{owner} has no {name}")));
    let limits = &container["resources"]["limits"];
    let memory = memory(&text(&limits["memory"]))?;
    let mut arguments = vec![
        format!("--user={}:{}", number("runAsUser")?, number("runAsGroup")?),
        "--read-only".to_owned(),
        // Kubernetes mounts no tmpfs by default; podman would.
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

/// The readiness probe: the port's name, and the path.
pub(crate) fn readiness_probe(owner: &Object) -> Result<(String, String), PodsError> {
    let probe = &only_container(owner)?["readinessProbe"]["httpGet"];
    match (probe["port"].as_str(), probe["path"].as_str()) {
        (Some(port), Some(path)) => Ok((port.to_owned(), path.to_owned())),
        _ => Err(PodsError::manifest(format!("{owner} has no HTTP readiness probe"))),
    }
}

/// A Kubernetes quantity of memory for podman: `192Mi` is `192m`.
/// See <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>.
pub(crate) fn memory(quantity: &str) -> Result<String, PodsError> {
    let units = [("Ki", "k"), ("Mi", "m"), ("Gi", "g")];
    let found = units.iter().find_map(|(unit, short)| {
        let number: u64 = quantity.strip_suffix(unit)?.parse().ok()?;
        Some(format!("{number}{short}"))
    });
    found.ok_or_else(|| PodsError::manifest(format!("`{quantity}` is not a quantity in Ki, Mi or Gi")))
}

/// A Kubernetes quantity of CPUs for podman: `500m` is `0.5`.
fn processors(quantity: &str) -> Result<String, PodsError> {
    let thousandths = quantity.strip_suffix('m').map(|number| number.parse::<f64>().map(|all| all / 1000.0));
    let number = thousandths.unwrap_or_else(|| quantity.parse());
    number
        .map(|number| number.to_string())
        .map_err(|_| PodsError::manifest(format!("`{quantity}` is not a quantity of CPUs")))
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
    fn the_security_context_becomes_podman_arguments() {
        assert_eq!(
            restrictions(&deployment()).unwrap(),
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
        assert_eq!(readiness_probe(&deployment()).unwrap(), ("http".to_owned(), "/readyz".to_owned()));
    }

    #[test]
    fn an_unsupported_field_is_refused() {
        for (pointer, name) in
            [("/spec/template/spec", "hostNetwork"), ("/spec/template/spec/containers/0", "workingDir")]
        {
            let mut object = deployment();
            object.0.pointer_mut(pointer).expect("it is there")[name] = json!("x");
            let refused = restrictions(&object).unwrap_err().to_string();
            assert!(refused.contains(name), "{refused}");
        }
    }

    #[test]
    fn a_missing_field_is_refused() {
        for pointer in [
            "/spec/template/spec/securityContext/runAsUser",
            "/spec/template/spec/securityContext/runAsNonRoot",
            "/spec/template/spec/securityContext/seccompProfile",
            "/spec/template/spec/containers/0/securityContext/readOnlyRootFilesystem",
            "/spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation",
            "/spec/template/spec/containers/0/resources/limits/memory",
            "/spec/template/spec/containers/0/resources/limits/cpu",
        ] {
            let mut object = deployment();
            *object.0.pointer_mut(pointer).expect("it is there") = Value::Null;
            assert!(restrictions(&object).is_err(), "{pointer}");
        }
    }

    #[test]
    fn quantities_become_podmans() {
        assert_eq!(memory("192Mi").unwrap(), "192m");
        assert_eq!(memory("1Gi").unwrap(), "1g");
        assert_eq!(processors("500m").unwrap(), "0.5");
        assert_eq!(processors("2").unwrap(), "2");
        assert!(memory("192").is_err() && memory("Mi").is_err() && processors("half").is_err());
    }
}
