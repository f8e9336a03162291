//! Rendering with `kubectl kustomize`.

use std::env;
use std::fs;
use std::io;
use std::iter;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{Combination, Environment, Object, parse, root};

/// The manifests cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A file or folder cannot be used.
    #[error("{} cannot be used: {error}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// `kubectl` cannot be run.
    #[error("`kubectl` cannot be run ({0}); `cargo xtask setup` explains how to install it")]
    Kubectl(io::Error),
    /// The manifests are wrong; the message of `kubectl`.
    #[error("{0}")]
    Kustomize(String),
}

impl RenderError {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }
}

/// Renders all combinations of environments and components concurrently.
///
/// # Errors
/// The first combination that cannot be rendered.
pub fn render_all() -> Result<Vec<Environment>, RenderError> {
    // In a copy: combinations are written beside the overlays.
    let copy = tempfile::tempdir().map_err(RenderError::file(&env::temp_dir()))?;
    copy_folder(&root().join("infra/k8s"), copy.path())?;
    let combinations = Combination::all(copy.path())?;
    let next = AtomicUsize::new(0);
    let render_some = || {
        let take = || {
            let number = next.fetch_add(1, Ordering::Relaxed);
            combinations.get(number).map(|combination| (number, combination))
        };
        let render = |(number, combination)| (number, render_combination(copy.path(), number, combination));
        iter::from_fn(take).map(render).collect::<Vec<_>>()
    };
    let mut rendered = thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(2, usize::from);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(render_some)).collect();
        let finished =
            threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        finished.collect::<Vec<_>>()
    });
    rendered.sort_by_key(|(number, _)| *number);
    rendered.into_iter().map(|(_, environment)| environment).collect()
}

/// Renders an environment of `infra/k8s/overlays` without additional components.
///
/// # Errors
/// The environment cannot be rendered.
pub fn render_overlay(name: &str) -> Result<Environment, RenderError> {
    let objects = kustomize(name, &root().join("infra/k8s/overlays").join(name))?;
    Ok(Environment { name: name.to_owned(), objects })
}

fn render_combination(
    k8s: &Path,
    number: usize,
    combination: &Combination,
) -> Result<Environment, RenderError> {
    let folder = combination.write(k8s, number)?;
    let objects = kustomize(&combination.name(), &k8s.join(folder))?;
    Ok(Environment { name: combination.name(), objects })
}

/// The objects of a kustomization.
fn kustomize(name: &str, folder: &Path) -> Result<Vec<Object>, RenderError> {
    let kubectl = env::var_os("KUBECTL").filter(|named| !named.is_empty()).unwrap_or("kubectl".into());
    let output = Command::new(kubectl).arg("kustomize").arg(folder).output().map_err(RenderError::Kubectl)?;
    let error = |message: &str| RenderError::Kustomize(format!("{name}: {}", message.trim()));
    if !output.status.success() {
        return Err(error(&String::from_utf8_lossy(&output.stderr)));
    }
    parse(&String::from_utf8_lossy(&output.stdout)).map_err(|message| error(&message))
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
