//! Volumes of a container.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::PodsError;
use crate::container::memory;
use crate::container_env::{EnvSources, list, text};
use crate::manifests::Object;

/// podman arguments for the mounts of a container. Config maps and secrets become files below `folder`. Volume claims become podman
/// volumes, which outlive the pod and whose names begin with `prefix`.
pub(crate) fn arguments(
    owner: &Object,
    container: &Value,
    sources: &EnvSources<'_>,
    folder: &Path,
    prefix: &str,
) -> Result<Vec<String>, PodsError> {
    let template = owner.pod_template().unwrap_or(&Value::Null);
    let volumes = list(&template["spec"]["volumes"]);
    let claims = owner.list("/spec/volumeClaimTemplates");
    let mut arguments = Vec::new();
    for mount in list(&container["volumeMounts"]) {
        let (name, path) = (text(&mount["name"]), text(&mount["mountPath"]));
        let unknown = || PodsError::manifest(format!("{owner}: the volume {name} is not supported"));
        let is_claimed = claims.iter().any(|claim| claim["metadata"]["name"] == name.as_str());
        if is_claimed {
            arguments.push(format!("--volume={prefix}-{}-{name}:{path}:U", owner.name()));
            continue;
        }
        let volume = volumes.iter().find(|volume| volume["name"] == name.as_str()).ok_or_else(unknown)?;
        if let Some(map) = volume["configMap"]["name"].as_str() {
            let files = folder.join(map);
            write(&files, sources.config_map(map)?)?;
            arguments.push(format!("--volume={}:{path}:ro", files.display()));
        } else if let Some(secret) = volume["secret"]["secretName"].as_str() {
            let files = folder.join(format!("{prefix}-secret-{secret}"));
            write(&files, sources.secret(secret))?;
            arguments.push(format!("--volume={}:{path}:ro", files.display()));
        } else if let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() {
            arguments.push(format!("--volume={prefix}-{claim}:{path}:U"));
        } else if let Some(limit) = volume["emptyDir"]["sizeLimit"].as_str() {
            let size = memory(limit)?;
            arguments.push(format!("--tmpfs={path}:rw,size={size},mode=1777"));
        } else {
            return Err(unknown());
        }
    }
    Ok(arguments)
}

fn write<'a>(folder: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), PodsError> {
    fs::create_dir_all(folder).map_err(PodsError::file(folder))?;
    // Readable for the container's user.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(PodsError::file(folder))?;
    for (name, content) in files {
        let path = folder.join(name);
        fs::write(&path, content).map_err(PodsError::file(&path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).map_err(PodsError::file(&path))?;
    }
    Ok(())
}
