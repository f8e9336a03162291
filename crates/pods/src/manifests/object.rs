//! One object of Kubernetes.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// Where the templates of pods are, by the kind of what makes pods of them.
const TEMPLATES: [(&str, &str); 4] = [
    ("Deployment", "/spec/template"),
    ("StatefulSet", "/spec/template"),
    ("Job", "/spec/template"),
    ("CronJob", "/spec/jobTemplate/spec/template"),
];

/// One object of Kubernetes. Shown as `Deployment auth`.
#[derive(Debug, Clone, PartialEq)]
pub struct Object(pub Value);

/// The objects in a text of YAML.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<Vec<Object>, String> {
    let values: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
    Ok(values.into_iter().filter(|value| !value.is_null()).map(Object).collect())
}

impl Object {
    /// Its kind.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// The group and version of its kind.
    pub fn api(&self) -> &str {
        self.text("/apiVersion")
    }

    /// What is at a place, as RFC 6901 writes it, such as `/spec/replicas`.
    pub fn at(&self, place: &str) -> &Value {
        self.0.pointer(place).unwrap_or(&Value::Null)
    }

    /// The text at a place; empty if there is none.
    pub fn text(&self, place: &str) -> &str {
        self.at(place).as_str().unwrap_or_default()
    }

    /// The list at a place; empty if there is none.
    pub fn list(&self, place: &str) -> &[Value] {
        self.at(place).as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// Its labels.
    pub fn labels(&self) -> BTreeMap<&str, &str> {
        labels(self.at("/metadata/labels"))
    }

    /// The template of the pods that are made of it, if any are.
    pub fn pod_template(&self) -> Option<&Value> {
        let (_, place) = TEMPLATES.iter().find(|(kind, _)| *kind == self.kind())?;
        self.0.pointer(place)
    }

    /// The labels of the pods that are made of it.
    pub fn pod_labels(&self) -> BTreeMap<&str, &str> {
        self.pod_template().map(|template| labels(&template["metadata"]["labels"])).unwrap_or_default()
    }

    /// The containers of its pods, those that run before the others too.
    pub fn containers(&self) -> Vec<&Value> {
        let Some(template) = self.pod_template() else { return Vec::new() };
        let lists = ["initContainers", "containers"].map(|name| template["spec"][name].as_array());
        lists.into_iter().flatten().flatten().collect()
    }
}

fn labels(value: &Value) -> BTreeMap<&str, &str> {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())).collect()
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.name())
    }
}
