//! Renders combinations with `kubectl kustomize`.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::{Combination, Environment, Object, parse, root};

/// The manifests cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A file or folder cannot be used.
    #[error("{} cannot be used: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// `kubectl` cannot be run.
    #[error("`kubectl` cannot be run ({0}); `cargo xtask setup` says how to get it")]
    Kubectl(io::Error),
    /// They are wrong: what `kubectl` says.
    #[error("{0}")]
    Kustomize(String),
}

impl RenderError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }
}

/// Renders every combination of environments and components, several at the same time.
///
/// # Errors
/// One does not render: the first that failed.
pub fn render() -> Result<Vec<Environment>, RenderError> {
    // In a copy, since combinations are written beside the overlays.
    let copy = tempfile::tempdir().map_err(RenderError::file(&env::temp_dir()))?;
    copy_folder(&root().join("infra/k8s"), copy.path())?;
    let combinations = Combination::all(copy.path())?;
    let (next, rendered) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((number, combination)) = take(&next, &combinations) {
                    let one = render_one(copy.path(), number, combination);
                    rendered.lock().push((number, one));
                }
            });
        }
    });
    let mut rendered = rendered.into_inner();
    rendered.sort_by_key(|(number, _)| *number);
    rendered.into_iter().map(|(_, one)| one).collect()
}

/// Renders one environment as it stands in `infra/k8s/overlays`.
///
/// # Errors
/// It does not render.
pub fn overlay(name: &str) -> Result<Environment, RenderError> {
    let objects = kustomize(name, &root().join("infra/k8s/overlays").join(name))?;
    Ok(Environment { name: name.to_owned(), objects })
}

fn take<'a>(next: &AtomicUsize, all: &'a [Combination]) -> Option<(usize, &'a Combination)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((number, all.get(number)?))
}

fn render_one(k8s: &Path, number: usize, combination: &Combination) -> Result<Environment, RenderError> {
    let folder = combination.write(k8s, number)?;
    let objects = kustomize(&combination.name(), &k8s.join(folder))?;
    Ok(Environment { name: combination.name(), objects })
}

/// What a folder makes of the manifests.
fn kustomize(name: &str, folder: &Path) -> Result<Vec<Object>, RenderError> {
    let kubectl = env::var_os("KUBECTL").filter(|named| !named.is_empty()).unwrap_or("kubectl".into());
    let output = Command::new(kubectl).arg("kustomize").arg(folder).output().map_err(RenderError::Kubectl)?;
    let wrong = |words: &str| RenderError::Kustomize(format!("{name}: {}", words.trim()));
    if !output.status.success() {
        return Err(wrong(&String::from_utf8_lossy(&output.stderr)));
    }
    parse(&String::from_utf8_lossy(&output.stdout)).map_err(|words| wrong(&words))
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), RenderError> {
    fs::create_dir_all(to).map_err(RenderError::file(to))?;
    for entry in fs::read_dir(from).map_err(RenderError::file(from))? {
        let path = entry.map_err(RenderError::file(from))?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy_folder(&path, &target)?;
        } else {
            fs::copy(&path, &target).map_err(RenderError::file(&path))?;
        }
    }
    Ok(())
}
