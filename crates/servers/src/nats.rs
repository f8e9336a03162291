//! A NATS server with JetStream on files.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::find::Wanted;
use crate::place::Taken;
use crate::{Place, Program, Ready, Server, ServerError};

/// How long it may take to get ready, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// The oldest that will do: consumers' settings that we use came with it.
const OLDEST: (u32, u32) = (2, 10);

const WANTED: Wanted = Wanted {
    name: "a NATS server",
    variable: "NATS_SERVER",
    on_path: "nats-server",
    will_do: |path| version(path).is_some_and(|version| version >= OLDEST),
    in_tools: "nats-server",
    help: "install NATS 2.10 or newer so that `nats-server` is found, name one with the environment variable \
           NATS_SERVER, or set TEST_NATS_URL to a server that runs",
};

/// Finds the program: `NATS_SERVER`, `nats-server` on the PATH if it is new enough, or what `cargo xtask setup`
/// installed.
///
/// # Errors
/// There is none.
pub fn find() -> Result<PathBuf, ServerError> {
    WANTED.find()
}

/// Starts a server without passwords. Its streams survive its being killed.
///
/// # Errors
/// It is not installed, or does not start.
pub fn start(place: Place) -> Result<Server, ServerError> {
    let path = find()?;
    let Taken { folder, log, port } = place.take("nats")?;
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
        ready: Ready::Greets(SocketAddr::from((Ipv4Addr::LOCALHOST, port.number())), "INFO "),
        patience: PATIENCE,
    };
    let url = format!("nats://127.0.0.1:{number}");
    Server::start_in(folder, program, url, port)
}

fn version(program: &Path) -> Option<(u32, u32)> {
    let output = Command::new(program).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// `nats-server: v2.15.1` is 2.15.
fn parse_version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().rsplit('v').next()?.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_server_is_told_from_a_new_one() {
        assert_eq!(parse_version("nats-server: v2.15.1\n"), Some((2, 15)));
        assert!(parse_version("nats-server: v2.9.10").is_some_and(|version| version < OLDEST));
        assert_eq!(parse_version("nothing"), None);
    }
}
