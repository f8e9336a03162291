//! What can go wrong.

use std::io;
use std::path::{Path, PathBuf};

use crate::manifests::RenderError;
use servers::ServerError;

/// The manifests cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum PodsError {
    /// They say something that cannot be run like this, or leave something out.
    #[error("{0}")]
    Manifest(String),
    /// An image is not there.
    #[error("the image {0} is missing; build it with `cargo xtask images`")]
    NoImage(String),
    /// podman or another program cannot be run.
    #[error("`{program}` cannot be run ({error}); `cargo xtask setup` installs it or says how")]
    Run {
        /// Which one.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// It refused.
    #[error("`{command}` failed: {words}")]
    Failed {
        /// What was run.
        command: String,
        /// What it said.
        words: String,
    },
    /// A pod does not get ready.
    #[error("{name} was not ready within {seconds} s; its log ends with:\n{log}")]
    Silent {
        /// Its name.
        name: String,
        /// How long was waited.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// A file cannot be used.
    #[error("{} cannot be used: {error}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// They do not render.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A server that stands in for something.
    #[error(transparent)]
    Server(#[from] ServerError),
}

impl PodsError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }

    pub(crate) fn manifest(words: impl Into<String>) -> Self {
        Self::Manifest(words.into())
    }
}
