//! `cargo xtask setup`: finds or installs what the browser tests need. Quick when everything is there.

mod chromium;
mod debian;
mod node;
mod packages;

use std::path::PathBuf;

use crate::run::Failed;

pub(crate) use packages::FOLDER;

/// What the browser tests run on.
#[derive(Debug)]
pub(crate) struct Tools {
    /// The browser.
    pub(crate) chromium: PathBuf,
}

/// Finds every tool, and installs those that are missing.
pub(crate) fn run() -> Result<Tools, Failed> {
    eprintln!("\n=== setup");
    node::provide()?;
    let chromium = chromium::provide()?;
    packages::provide()?;
    Ok(Tools { chromium })
}
