//! Combinations of environments and components.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::render::RenderError;

/// Components of which an environment has at most one.
const ALTERNATIVES: [[&str; 2]; 2] = [["stripe", "stripe-sim"], ["mail", "mailpit"]];

/// Components that need the marketplace's domain, which a developer's cluster does not have.
const NEED_DOMAIN: [&str; 2] = ["router-ingress-tls", "router-gateway"];

/// An environment with additional components.
#[derive(Debug, Clone)]
pub struct Combination {
    overlay: String,
    added: Vec<String>,
}

impl Combination {
    /// Each environment alone, with each missing component that fits, and with all of them.
    pub(super) fn all(k8s: &Path) -> Result<Vec<Self>, RenderError> {
        let components = folders(&k8s.join("components"))?;
        let mut all = Vec::new();
        for overlay in folders(&k8s.join("overlays"))? {
            let has = components_of(k8s, &overlay)?;
            let has_component =
                |component: &str| has.iter().any(|path| path.ends_with(&format!("/{component}")));
            let fits = |component: &String| {
                let excluded = ALTERNATIVES.iter().any(|pair| {
                    pair.contains(&component.as_str()) && pair.iter().any(|other| has_component(other))
                });
                let has_domain = has.iter().any(|path| path == "settings");
                !has_component(component)
                    && !excluded
                    && (has_domain || !NEED_DOMAIN.contains(&component.as_str()))
            };
            let fitting: Vec<_> = components.iter().filter(|component| fits(component)).cloned().collect();
            let mut sets = vec![Vec::new()];
            sets.extend(fitting.iter().map(|component| vec![component.clone()]));
            sets.push(fitting);
            all.extend(sets.into_iter().map(|added| Self { overlay: overlay.clone(), added }));
        }
        Ok(all)
    }

    /// The name, such as `staging + backup`.
    pub fn name(&self) -> String {
        let parts: Vec<_> = std::iter::once(&self.overlay).chain(&self.added).map(String::as_str).collect();
        parts.join(" + ")
    }

    /// Writes the combination as an overlay, and returns its path below `k8s`.
    pub(super) fn write(&self, k8s: &Path, number: usize) -> Result<String, RenderError> {
        let mut kustomization = read(k8s, &self.overlay)?;
        if let Some(components) = kustomization["components"].as_array_mut() {
            for path in
                components.iter_mut().filter(|path| !path.as_str().unwrap_or_default().starts_with(".."))
            {
                *path = json!(format!("../{}/{}", self.overlay, path.as_str().unwrap_or_default()));
            }
            components.extend(self.added.iter().map(|name| json!(format!("../../components/{name}"))));
        }
        let name = format!("overlays/combination-{number}");
        let folder = k8s.join(&name);
        let file = folder.join("kustomization.yaml");
        let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&file, kustomization.to_string()));
        written.map_err(RenderError::file(&file))?;
        Ok(name)
    }
}

fn read(k8s: &Path, overlay: &str) -> Result<Value, RenderError> {
    let file = k8s.join("overlays").join(overlay).join("kustomization.yaml");
    let text = fs::read_to_string(&file).map_err(RenderError::file(&file))?;
    serde_saphyr::from_str(&text).map_err(|error| RenderError::Kustomize(error.to_string()))
}

/// The components of an overlay, and of the overlays below it.
fn components_of(k8s: &Path, overlay: &str) -> Result<Vec<String>, RenderError> {
    let kustomization = read(k8s, overlay)?;
    let mut components = texts(&kustomization["components"]);
    // Another overlay is `../dev`; the base is `../../base`.
    for resource in texts(&kustomization["resources"]) {
        if let Some(overlay) = resource.strip_prefix("../").filter(|name| !name.starts_with("..")) {
            components.extend(components_of(k8s, overlay)?);
        }
    }
    Ok(components)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// The sorted names of the subfolders.
fn folders(folder: &Path) -> Result<Vec<String>, RenderError> {
    let entries = fs::read_dir(folder).map_err(RenderError::file(folder))?;
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}
