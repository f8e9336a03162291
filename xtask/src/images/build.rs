//! An image: the Dockerfile's last stage with a program, its size, and its bill of materials.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{TaskError, output, program, root, target, unusable};
use crate::setup::{Containers, ImageTools};

/// The root certificates for TLS, at the same path in the image.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A built image.
pub(crate) struct Image {
    pub(crate) tag: String,
    /// The uncompressed size in bytes.
    pub(crate) size: u64,
    /// The number of packages in the program.
    pub(crate) packages: usize,
    /// The list of these packages, as `CycloneDX`.
    pub(crate) sbom: PathBuf,
}

/// Builds the image of a program.
pub(crate) fn image(
    name: &str,
    file: &Path,
    containers: &Containers,
    tools: &ImageTools,
) -> Result<Image, TaskError> {
    let stage = stage(name, file)?;
    let tag = format!("localhost/ticketing/{name}:dev");
    // A local folder replaces the stage `programs`, so the stages before it are not built.
    let programs = format!("programs={}", stage.path().display());
    let bin = format!("BIN={name}");
    let revision = format!("REVISION={}", output("git", &["rev-parse", "HEAD"])?);
    // The last stage copies nothing from the sources.
    let context = tempfile::tempdir().map_err(unusable(&std::env::temp_dir()))?;
    let context = context.path().to_string_lossy();
    let arguments = [
        "bud",
        "--quiet",
        "--isolation",
        "chroot",
        "--file",
        "infra/docker/Dockerfile",
        "--target",
        "runtime",
        "--build-context",
        &programs,
        "--build-arg",
        &bin,
        "--build-arg",
        &revision,
        "--tag",
        &tag,
        &context,
    ];
    eprintln!("\n=== buildah {}", arguments.join(" "));
    program("buildah", &arguments, &containers.environment())?;
    let size = size(&tag, containers)?;
    let (packages, sbom) = bill_of_materials(name, file, tools)?;
    Ok(Image { tag, size, packages, sbom })
}

/// A folder with the contents of the Dockerfile's stage `programs`.
fn stage(name: &str, file: &Path) -> Result<tempfile::TempDir, TaskError> {
    let failed = |error| TaskError(format!("the image of {name} cannot be prepared: {error}"));
    let stage = tempfile::tempdir().map_err(failed)?;
    let certificates = stage.path().join(CERTIFICATES.trim_start_matches('/'));
    for (from, to) in
        [(Path::new(CERTIFICATES), certificates), (file, stage.path().join("programs").join(name))]
    {
        fs::create_dir_all(to.parent().unwrap_or(&to)).map_err(failed)?;
        fs::copy(from, &to).map_err(unusable(from))?;
    }
    Ok(stage)
}

fn size(tag: &str, containers: &Containers) -> Result<u64, TaskError> {
    let size = containers.output("podman", &["image", "inspect", "--format", "{{.Size}}", tag])?;
    size.parse().map_err(|_| TaskError(format!("podman prints no size of {tag}, but `{size}`")))
}

/// Extracts the packages that cargo-auditable recorded in a program, as image scanners do.
fn bill_of_materials(name: &str, file: &Path, tools: &ImageTools) -> Result<(usize, PathBuf), TaskError> {
    let text = output(&tools.auditable2cdx.to_string_lossy(), &[&file.to_string_lossy()])?;
    let parsed: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| TaskError(format!("the bill of materials of {name} cannot be read: {error}")))?;
    let packages = parsed["components"].as_array().map_or(0, Vec::len);
    if packages == 0 {
        return Err(TaskError(format!("{name} contains no bill of materials")));
    }
    let folder = target()?.join("images");
    let path = folder.join(format!("{name}.cdx.json"));
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text));
    written.map_err(unusable(&path))?;
    Ok((packages, path.strip_prefix(root()).map_or_else(|_| path.clone(), Path::to_path_buf)))
}
