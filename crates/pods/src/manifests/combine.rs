//! Which components can be added to which environment.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::render::RenderError;

/// What takes another's place: never both.
const ALTERNATIVES: [[&str; 2]; 1] = [["stripe", "stripe-sim"]];

/// What needs the name under which people know the marketplace, which a developer's cluster has not.
const NEED_A_NAME: [&str; 2] = ["router-ingress-tls", "router-gateway"];

/// An environment, and what is added to it.
#[derive(Debug, Clone)]
pub struct Combination {
    overlay: String,
    added: Vec<String>,
}

impl Combination {
    /// Every one: each environment alone, with each component that it does not have, and with all of them.
    pub(super) fn all(k8s: &Path) -> Result<Vec<Self>, RenderError> {
        let components = folders(&k8s.join("components"))?;
        let mut all = Vec::new();
        for overlay in folders(&k8s.join("overlays"))? {
            let has = components_of(k8s, &overlay)?;
            let is_there = |component: &str| has.iter().any(|path| path.ends_with(&format!("/{component}")));
            let fits = |component: &String| {
                let excluded = ALTERNATIVES.iter().any(|pair| {
                    pair.contains(&component.as_str()) && pair.iter().any(|other| is_there(other))
                });
                let is_named = has.iter().any(|path| path == "settings");
                !is_there(component) && !excluded && (is_named || !NEED_A_NAME.contains(&component.as_str()))
            };
            let fitting: Vec<_> = components.iter().filter(|component| fits(component)).cloned().collect();
            let mut sets = vec![Vec::new()];
            sets.extend(fitting.iter().map(|component| vec![component.clone()]));
            sets.push(fitting);
            all.extend(sets.into_iter().map(|added| Self { overlay: overlay.clone(), added }));
        }
        Ok(all)
    }

    /// Such as `staging + backup`.
    pub fn name(&self) -> String {
        let parts: Vec<_> = std::iter::once(&self.overlay).chain(&self.added).map(String::as_str).collect();
        parts.join(" + ")
    }

    /// Writes it beside the overlays, as somebody would who adds the components to one, and returns its folder's name.
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

/// The components of an overlay, and of those that it builds upon.
fn components_of(k8s: &Path, overlay: &str) -> Result<Vec<String>, RenderError> {
    let kustomization = read(k8s, overlay)?;
    let mut components = texts(&kustomization["components"]);
    // A neighbour is `../dev`, where the base is `../../base`.
    for below in texts(&kustomization["resources"]) {
        if let Some(neighbour) = below.strip_prefix("../").filter(|name| !name.starts_with("..")) {
            components.extend(components_of(k8s, neighbour)?);
        }
    }
    Ok(components)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// The names of the folders in a folder, sorted.
fn folders(folder: &Path) -> Result<Vec<String>, RenderError> {
    let entries = fs::read_dir(folder).map_err(RenderError::file(folder))?;
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}
