//! The browser: the one that `CHROME` names, one that is found, or Debian's.

use std::env;
use std::path::PathBuf;

use super::debian;
use crate::run::{Failed, output};

/// What Chromium and its relatives are called, and where macOS keeps them.
const NAMES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const HELP: &str = "install Chromium or Google Chrome, or name one with the environment variable CHROME";

/// Finds the browser, or installs it.
pub(crate) fn provide() -> Result<PathBuf, Failed> {
    if let Some(named) = env::var_os("CHROME") {
        let path = PathBuf::from(named);
        let version = version(&path.to_string_lossy());
        let version = version.map_err(|fault| Failed(format!("CHROME does not name a browser: {fault}")))?;
        return Ok(found(path, &version));
    }
    if let Some(path) = find() {
        return Ok(path);
    }
    debian::install("a browser", &["chromium"], HELP)?;
    find().ok_or_else(|| Failed(format!("chromium was installed and still does not start; {HELP}")))
}

fn find() -> Option<PathBuf> {
    NAMES.iter().find_map(|name| {
        let version = version(name).ok()?;
        Some(found(on_the_path(name)?, &version))
    })
}

fn version(program: &str) -> Result<String, Failed> {
    output(program, &["--version"])
}

fn found(path: PathBuf, version: &str) -> PathBuf {
    eprintln!("setup: {version} ({})", path.display());
    path
}

/// The whole path, which Playwright wants.
fn on_the_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}
