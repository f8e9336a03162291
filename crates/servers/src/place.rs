//! Where a server keeps its data and listens.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Port, ServerError};

/// Where a server keeps its data and listens, always on 127.0.0.1.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// Its folder, which is kept; without one it gets a temporary one, which goes with it.
    pub folder: Option<PathBuf>,
    /// The folder that what it prints is written to; without one, its own.
    pub logs: Option<PathBuf>,
    /// Its port; without one a free one is found.
    pub port: Option<u16>,
}

impl Place {
    /// A folder that is kept, and a free port.
    pub fn folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..Self::default() }
    }

    pub(crate) fn take(self, name: &str) -> Result<Taken, ServerError> {
        let folder = match self.folder {
            Some(folder) => Folder::Kept(folder),
            None => Folder::Temporary(
                tempfile::Builder::new()
                    .prefix("ticketing-")
                    .tempdir()
                    .map_err(ServerError::file(std::env::temp_dir()))?,
            ),
        };
        fs::create_dir_all(folder.path()).map_err(ServerError::file(folder.path()))?;
        let port = self.port.map_or_else(Port::free, Port::given)?;
        let log = self.logs.as_deref().unwrap_or(folder.path()).join(format!("{name}.log"));
        Ok(Taken { folder, log, port })
    }
}

/// A place that is ours.
pub(crate) struct Taken {
    pub(crate) folder: Folder,
    pub(crate) log: PathBuf,
    pub(crate) port: Port,
}

/// A server's folder.
#[derive(Debug)]
pub(crate) enum Folder {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Folder {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}
