//! Locations of server programs: named by an environment variable, on the `PATH`, or below `.tools/`.

use std::env;
use std::path::{Path, PathBuf};

use crate::ServerError;

/// The folder of the tools that `cargo xtask setup` installs.
pub fn tools() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    root.join(".tools")
}

/// The full path of a program on the `PATH`.
pub fn find_on_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The places to look for a server program, in this order.
pub(crate) struct ProgramLookup {
    /// The name in error messages.
    pub(crate) name: &'static str,
    /// The environment variable that overrides the search.
    pub(crate) variable: &'static str,
    /// The file name on the `PATH`.
    pub(crate) on_path: &'static str,
    /// Whether a program found on the `PATH` is usable.
    pub(crate) is_acceptable: fn(&Path) -> bool,
    /// The file name below `.tools/python/bin`.
    pub(crate) in_tools: &'static str,
    /// The alternative to `cargo xtask setup`, for error messages.
    pub(crate) help: &'static str,
}

impl ProgramLookup {
    pub(crate) fn find(&self) -> Result<PathBuf, ServerError> {
        if let Some(path) = env::var_os(self.variable).filter(|named| !named.is_empty()).map(PathBuf::from) {
            let variable = self.variable;
            return if path.is_file() { Ok(path) } else { Err(ServerError::NotAFile { variable, path }) };
        }
        let installed = tools().join("python/bin").join(self.in_tools);
        let found = find_on_path(self.on_path).filter(|path| (self.is_acceptable)(path));
        let found = found.or_else(|| installed.is_file().then_some(installed));
        found.ok_or(ServerError::Missing { name: self.name, help: self.help })
    }
}
