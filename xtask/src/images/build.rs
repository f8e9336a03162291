//! One image: the Dockerfile's last stage around a program, what it weighs, and what it is made of.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Failed, output, program, root};
use crate::setup::{Containers, ImageTools};
use crate::up::target;

/// Where programs that speak TLS look for those whom they trust; in the image, too.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// An image that was built.
pub(crate) struct Image {
    pub(crate) tag: String,
    /// In bytes, not compressed.
    pub(crate) size: u64,
    /// How many packages its program is made of.
    pub(crate) packages: usize,
    /// Which ones, as `CycloneDX`.
    pub(crate) sbom: PathBuf,
}

/// Builds the image of a program.
pub(crate) fn image(
    name: &str,
    file: &Path,
    containers: &Containers,
    tools: &ImageTools,
) -> Result<Image, Failed> {
    let stage = stage(name, file)?;
    let tag = format!("localhost/ticketing/{name}:dev");
    // What the stage `programs` would hold comes from our folder instead, so the stages before it are not built.
    let programs = format!("programs={}", stage.path().display());
    let bin = format!("BIN={name}");
    let revision = format!("REVISION={}", output("git", &["rev-parse", "HEAD"])?);
    // Nothing of the last stage comes from the sources.
    let context = tempfile::tempdir().map_err(|error| Failed(format!("no folder can be made: {error}")))?;
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

/// A folder that looks like the Dockerfile's stage `programs`.
fn stage(name: &str, file: &Path) -> Result<tempfile::TempDir, Failed> {
    let fault = |error| Failed(format!("the image of {name} cannot be prepared: {error}"));
    let stage = tempfile::tempdir().map_err(fault)?;
    let certificates = stage.path().join(CERTIFICATES.trim_start_matches('/'));
    for (from, to) in
        [(Path::new(CERTIFICATES), certificates), (file, stage.path().join("programs").join(name))]
    {
        fs::create_dir_all(to.parent().unwrap_or(&to)).map_err(fault)?;
        fs::copy(from, &to)
            .map_err(|error| Failed(format!("{} cannot be copied: {error}", from.display())))?;
    }
    Ok(stage)
}

fn size(tag: &str, containers: &Containers) -> Result<u64, Failed> {
    let size = containers.output("podman", &["image", "inspect", "--format", "{{.Size}}", tag])?;
    size.parse().map_err(|_| Failed(format!("podman tells no size of {tag}, but `{size}`")))
}

/// Reads out of a program what cargo wrote into it, as scanners of images do.
fn bill_of_materials(name: &str, file: &Path, tools: &ImageTools) -> Result<(usize, PathBuf), Failed> {
    let text = output(&tools.auditable2cdx.to_string_lossy(), &[&file.to_string_lossy()])?;
    let parsed: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| Failed(format!("what {name} is made of cannot be read: {error}")))?;
    let packages = parsed["components"].as_array().map_or(0, Vec::len);
    if packages == 0 {
        return Err(Failed(format!("{name} does not say what it is made of")));
    }
    let folder = target()?.join("images");
    let path = folder.join(format!("{name}.cdx.json"));
    let written = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, text));
    written.map_err(|error| Failed(format!("{} cannot be written: {error}", path.display())))?;
    Ok((packages, path.strip_prefix(root()).map_or_else(|_| path.clone(), Path::to_path_buf)))
}
