//! A server's data folder, log folder and port.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Port, ServerError};

/// A server's folders, and its port on 127.0.0.1.
#[derive(Debug, Clone, Default)]
pub struct ServerLocation {
    /// The data folder, kept after the server; `None` is a temporary folder.
    pub folder: Option<PathBuf>,
    /// The log folder; `None` is the data folder.
    pub logs: Option<PathBuf>,
    /// The port; `None` is any free port.
    pub port: Option<u16>,
}

impl ServerLocation {
    /// A folder that is kept, and a free port.
    pub fn folder(folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..Self::default() }
    }

    /// Creates the folder and reserves the port for the server of this name.
    pub(crate) fn reserve(self, name: &str) -> Result<ReservedLocation, ServerError> {
        let folder = match self.folder {
            Some(folder) => DataFolder::Kept(folder),
            None => DataFolder::Temporary(
                tempfile::Builder::new()
                    .prefix("ticketing-")
                    .tempdir()
                    .map_err(ServerError::file(std::env::temp_dir()))?,
            ),
        };
        fs::create_dir_all(folder.path()).map_err(ServerError::file(folder.path()))?;
        let port = self.port.map_or_else(Port::free, Port::reserve)?;
        let log = self.logs.as_deref().unwrap_or(folder.path()).join(format!("{name}.log"));
        Ok(ReservedLocation { folder, log, port })
    }
}

/// A [`ServerLocation`] with an existing folder and a reserved port.
pub(crate) struct ReservedLocation {
    pub(crate) folder: DataFolder,
    pub(crate) log: PathBuf,
    pub(crate) port: Port,
}

#[derive(Debug)]
pub(crate) enum DataFolder {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl DataFolder {
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}
