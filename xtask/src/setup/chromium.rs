//! The browser: the one that `CHROME` names, an installed one, or Debian's.

use std::env;
use std::path::PathBuf;

use servers::find_on_path;

use super::install_debian_packages;
use crate::run::{TaskError, output};

/// Names of Chromium and Chrome, and their paths on macOS.
const NAMES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const HELP: &str = "install Chromium or Google Chrome, or set the environment variable CHROME to its path";

/// Finds or installs the browser.
pub(crate) fn provide() -> Result<PathBuf, TaskError> {
    if let Some(named) = env::var_os("CHROME") {
        let path = PathBuf::from(named);
        let version = version(&path.to_string_lossy());
        let version = version.map_err(|error| TaskError(format!("CHROME is not a browser: {error}")))?;
        return Ok(found(path, &version));
    }
    if let Some(path) = find() {
        return Ok(path);
    }
    install_debian_packages("a browser", &["chromium"], HELP)?;
    find().ok_or_else(|| TaskError(format!("chromium was installed but does not start; {HELP}")))
}

/// Finds a browser that starts. Playwright needs its full path.
fn find() -> Option<PathBuf> {
    NAMES.iter().find_map(|name| {
        let version = version(name).ok()?;
        Some(found(find_on_path(name)?, &version))
    })
}

fn version(program: &str) -> Result<String, TaskError> {
    output(program, &["--version"])
}

fn found(path: PathBuf, version: &str) -> PathBuf {
    eprintln!("setup: {version} ({})", path.display());
    path
}
