//! A NATS server with file-based JetStream.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::find::ProgramLookup;
use crate::location::ReservedLocation;
use crate::server::SERVER_TIMEOUT;
use crate::{Program, ReadinessProbe, Server, ServerError, ServerLocation};

/// The first version with the consumer settings that `bus` uses.
const MIN_VERSION: (u32, u32) = (2, 10);

const LOOKUP: ProgramLookup = ProgramLookup {
    name: "a NATS server",
    variable: "NATS_SERVER",
    on_path: "nats-server",
    is_acceptable: |path| version(path).is_some_and(|version| version >= MIN_VERSION),
    in_tools: "nats-server",
    help: "install NATS 2.10 or newer so that `nats-server` is found, name one with the environment variable \
           NATS_SERVER, or set TEST_NATS_URL to a server that runs",
};

/// Finds the program: `NATS_SERVER`, `nats-server` on the `PATH` if it is new enough, or the one below `.tools`.
///
/// # Errors
/// No program was found.
pub fn find() -> Result<PathBuf, ServerError> {
    LOOKUP.find()
}

/// Starts a server without authentication. Its streams survive a kill.
///
/// # Errors
/// The server is not installed, or does not start.
pub fn start(location: ServerLocation) -> Result<Server, ServerError> {
    let path = find()?;
    let ReservedLocation { folder, log, port } = location.reserve("nats")?;
    let number = port.number().to_string();
    let data = folder.path().join("data");
    let program = Program {
        name: "nats".to_owned(),
        path,
        arguments: ["-js", "-a", "127.0.0.1", "-p", &number, "-sd"]
            .into_iter()
            .map(Into::into)
            .chain([data.into()])
            .collect(),
        environment: Vec::new(),
        folder: folder.path().to_owned(),
        log,
        probe: ReadinessProbe::Greeting(SocketAddr::from((Ipv4Addr::LOCALHOST, port.number())), "INFO "),
        timeout: SERVER_TIMEOUT,
    };
    let url = format!("nats://127.0.0.1:{number}");
    Server::start_in(folder, program, url, port)
}

fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// `nats-server: v2.15.1` is 2.15.
fn parse_version(output: &str) -> Option<(u32, u32)> {
    let mut numbers = output.trim().rsplit('v').next()?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_version_is_distinguished_from_a_new_one() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert!(parse_version("nats-server: v2.9.10").is_some_and(|version| version < MIN_VERSION));
        assert_eq!(parse_version("nothing"), None);
    }
}
