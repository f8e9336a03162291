//! Where a server's program is: named by an environment variable, on the PATH, or in `.tools/`.

use std::env;
use std::path::{Path, PathBuf};

use crate::ServerError;

/// Where the project keeps the tools that it installed for itself.
pub fn tools() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    root.join(".tools")
}

/// A program that a server may be.
pub(crate) struct Wanted {
    /// What to call it when it is missing.
    pub(crate) name: &'static str,
    /// The environment variable that names it.
    pub(crate) variable: &'static str,
    /// What it is called on the PATH.
    pub(crate) on_path: &'static str,
    /// Whether one that was found on the PATH will do.
    pub(crate) will_do: fn(&Path) -> bool,
    /// What it is called below `.tools/python/bin`.
    pub(crate) in_tools: &'static str,
    /// What to do if it is missing, beside running the setup.
    pub(crate) help: &'static str,
}

impl Wanted {
    pub(crate) fn find(&self) -> Result<PathBuf, ServerError> {
        if let Some(path) = env::var_os(self.variable).filter(|named| !named.is_empty()).map(PathBuf::from) {
            let there = path.is_file();
            return there
                .then_some(path.clone())
                .ok_or(ServerError::NotAFile { variable: self.variable, path });
        }
        let installed = tools().join("python/bin").join(self.in_tools);
        let found = on_the_path(self.on_path).filter(|path| (self.will_do)(path));
        let found = found.or_else(|| installed.is_file().then_some(installed));
        found.ok_or(ServerError::Missing { name: self.name, help: self.help })
    }
}

fn on_the_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}
