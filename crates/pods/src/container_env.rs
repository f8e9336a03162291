//! Environment variables of a container.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::PodsError;
use crate::manifests::Object;

/// The objects that a pod's environment refers to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EnvSources<'a> {
    pub(crate) objects: &'a [Object],
    /// Values by secret and key.
    pub(crate) secrets: &'a BTreeMap<(String, String), String>,
    /// The pod's name.
    pub(crate) pod: &'a str,
}

impl EnvSources<'_> {
    /// The data of a config map.
    pub(crate) fn config_map(&self, name: &str) -> Result<BTreeMap<&str, &str>, PodsError> {
        let mut maps = self.objects.iter().filter(|object| object.kind() == "ConfigMap");
        let map = maps.find(|map| map.name() == name);
        let map = map.ok_or_else(|| PodsError::manifest(format!("there is no ConfigMap {name}")))?;
        let data = map.at("/data").as_object().into_iter().flatten();
        Ok(data.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())).collect())
    }

    /// The values of a secret by key.
    pub(crate) fn secret(&self, name: &str) -> BTreeMap<&str, &str> {
        let values = self.secrets.iter().filter(|((secret, _), _)| secret == name);
        values.map(|((_, key), value)| (key.as_str(), value.as_str())).collect()
    }

    /// The environment of a container: `envFrom`, overridden by `env`.
    pub(crate) fn environment(&self, container: &Value) -> Result<BTreeMap<String, String>, PodsError> {
        let mut environment = BTreeMap::new();
        for from in list(&container["envFrom"]) {
            let name = from["configMapRef"]["name"].as_str();
            let name =
                name.ok_or_else(|| PodsError::manifest(format!("envFrom is not a config map: {from}")))?;
            let data = self.config_map(name)?;
            environment.extend(data.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())));
        }
        for entry in list(&container["env"]) {
            environment.insert(text(&entry["name"]), self.value(entry)?);
        }
        Ok(environment)
    }

    fn value(&self, entry: &Value) -> Result<String, PodsError> {
        let from = &entry["valueFrom"];
        if from.is_null() {
            return Ok(text(&entry["value"]));
        }
        let secret = &from["secretKeyRef"];
        let found = if secret.is_null() {
            (from["fieldRef"]["fieldPath"] == "metadata.name").then(|| self.pod.to_owned())
        } else {
            self.secrets.get(&(text(&secret["name"]), text(&secret["key"]))).cloned()
        };
        found.ok_or_else(|| PodsError::manifest(format!("{entry} has no value")))
    }
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
