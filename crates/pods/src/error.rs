//! Errors of running the manifests.

use std::io;
use std::path::{Path, PathBuf};

use crate::manifests::RenderError;
use servers::ServerError;

/// The manifests cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum PodsError {
    /// A manifest has an unsupported or a missing field.
    #[error("{0}")]
    Manifest(String),
    /// An image has not been built.
    #[error("the image {0} is missing; build it with `cargo xtask images`")]
    NoImage(String),
    /// podman or another program cannot be run.
    #[error("`{program}` cannot be run ({error}); `cargo xtask setup` installs it or explains how")]
    Run {
        /// The program.
        program: String,
        /// The cause.
        error: io::Error,
    },
    /// A command failed.
    #[error("`{command}` failed: {message}")]
    Failed {
        /// The command.
        command: String,
        /// The command's standard error.
        message: String,
    },
    /// A pod did not become ready in time.
    #[error("{name} was not ready within {seconds} s; its log ends with:\n{log}")]
    NotReady {
        /// The pod's name.
        name: String,
        /// The timeout.
        seconds: u64,
        /// The end of the log.
        log: String,
    },
    /// A file cannot be used.
    #[error("{} cannot be used: {error}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// The manifests cannot be rendered.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A local server failed.
    #[error(transparent)]
    Server(#[from] ServerError),
}

impl PodsError {
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }

    pub(crate) fn manifest(message: impl Into<String>) -> Self {
        Self::Manifest(message.into())
    }
}
