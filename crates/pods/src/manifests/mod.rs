//! The rendered manifests of `infra/k8s`.

mod combine;
mod object;
mod render;

use std::path::{Path, PathBuf};

pub use combine::Combination;
pub use object::{Object, parse};
pub use render::{RenderError, render_all, render_overlay};

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// A rendered environment: the objects to apply to a cluster.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Such as `production` or `staging + backup`.
    pub name: String,
    /// Every object.
    pub objects: Vec<Object>,
}

impl Environment {
    /// The objects of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().filter(move |object| object.kind() == kind)
    }

    /// The object of this kind and name.
    pub fn find(&self, kind: &str, name: &str) -> Option<&Object> {
        self.objects.iter().find(|object| object.kind() == kind && object.name() == name)
    }
}
