//! A Kubernetes object.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// The JSON pointers of pod templates, by kind.
const TEMPLATES: [(&str, &str); 4] = [
    ("Deployment", "/spec/template"),
    ("StatefulSet", "/spec/template"),
    ("Job", "/spec/template"),
    ("CronJob", "/spec/jobTemplate/spec/template"),
];

/// A Kubernetes object, displayed as `Deployment auth`.
#[derive(Debug, Clone, PartialEq)]
pub struct Object(pub Value);

/// Parses the objects of a YAML text.
///
/// # Errors
/// The parser's message.
pub fn parse(text: &str) -> Result<Vec<Object>, String> {
    let values: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
    Ok(values.into_iter().filter(|value| !value.is_null()).map(Object).collect())
}

impl Object {
    /// The kind.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// The name.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// The group and version of the kind.
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// The value at a JSON pointer (RFC 6901) such as `/spec/replicas`; null if there is none.
    pub fn at(&self, pointer: &str) -> &Value {
        self.0.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The text at a JSON pointer; empty if there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.at(pointer).as_str().unwrap_or_default()
    }

    /// The list at a JSON pointer; empty if there is none.
    pub fn list(&self, pointer: &str) -> &[Value] {
        self.at(pointer).as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The labels.
    pub fn labels(&self) -> BTreeMap<&str, &str> {
        labels(self.at("/metadata/labels"))
    }

    /// The pod template, if the kind has one.
    pub fn pod_template(&self) -> Option<&Value> {
        let (_, pointer) = TEMPLATES.iter().find(|(kind, _)| *kind == self.kind())?;
        self.0.pointer(pointer)
    }

    /// The labels of the object's pods.
    pub fn pod_labels(&self) -> BTreeMap<&str, &str> {
        self.pod_template().map(|template| labels(&template["metadata"]["labels"])).unwrap_or_default()
    }

    /// The init containers and containers of the object's pods.
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
