//! `cargo xtask with-servers <command…>`: a command with a MongoDB and a NATS server beside it.

use std::env;
use std::process::{Command, ExitCode, ExitStatus};

use servers::{Place, Server, ServerError, mongodb, nats};

use crate::run::Failed;
use crate::setup::{self, MONGODB_URI, NATS_URL};
use crate::signals;

type Start = fn(Place) -> Result<Server, ServerError>;

/// Servers that run, and what tells others of them. Stopped when dropped.
pub(crate) struct Servers {
    started: Vec<(&'static str, Server)>,
}

impl Servers {
    /// Starts those that the environment does not name already.
    pub(crate) fn start() -> Result<Self, Failed> {
        let mut started = Vec::new();
        let kinds: [(_, Start); 2] = [(MONGODB_URI, mongodb::start), (NATS_URL, nats::start)];
        for (variable, start) in kinds {
            if env::var_os(variable).is_some_and(|url| !url.is_empty()) {
                continue;
            }
            let server = start(Place::default()).map_err(|fault| Failed(fault.to_string()))?;
            eprintln!("servers: {variable}={}", server.url());
            started.push((variable, server));
        }
        Ok(Self { started })
    }

    /// What tells tests where the servers are.
    pub(crate) fn environment(&self) -> Vec<(&str, &str)> {
        self.started.iter().map(|(variable, server)| (*variable, server.url())).collect()
    }

    /// Tells whether one of them ended while it was needed, which explains what failed then.
    pub(crate) fn tell_losses(&mut self) {
        for (_, server) in &mut self.started {
            if let Some(status) = server.ended() {
                eprintln!(
                    "servers: {} ended by itself ({status}); its log ends with:\n{}",
                    server.name(),
                    server.log_end()
                );
            }
        }
    }
}

/// Runs a command with both servers beside it. Ends as the command does.
pub(crate) fn run(line: &[String]) -> Result<ExitCode, Failed> {
    let (name, arguments) = line.split_first().ok_or_else(|| Failed("name a command to run".to_owned()))?;
    setup::servers()?;
    let mut servers = Servers::start()?;
    let mut command = Command::new(name);
    command.args(arguments).envs(servers.environment());
    let mut child = command.spawn().map_err(|error| Failed(format!("`{name}` cannot be run: {error}")))?;
    // From now on a signal ends the command, and its end ends us.
    signals::pass_on_to(child.id())?;
    let status = child.wait().map_err(|error| Failed(format!("`{name}` got lost: {error}")))?;
    if !status.success() {
        servers.tell_losses();
    }
    Ok(code(status))
}

/// As a shell tells it: 128 and the signal for what was ended by one.
fn code(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
