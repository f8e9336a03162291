//! `cargo xtask with-servers <command…>`: runs a command with a MongoDB and a NATS server.

use std::env;
use std::process::{Command, ExitCode, ExitStatus};

use servers::{Server, ServerError, ServerLocation, mongodb, nats};
use tempfile::TempDir;

use crate::memory::temporary_folder;
use crate::run::{TaskError, forward_sigterm};
use crate::setup::{self, MONGODB_URI, NATS_URL};

type Start = fn(ServerLocation) -> Result<Server, ServerError>;

/// Running servers with the environment variables of their URLs, and the folder for temporary files. Killed when dropped.
pub(crate) struct Servers {
    started: Vec<(&'static str, Server)>,
    /// The path of the folder.
    path: String,
    _folder: TempDir,
}

impl Servers {
    /// Starts the servers whose URLs are not in the environment.
    pub(crate) fn start() -> Result<Self, TaskError> {
        let folder = temporary_folder()?;
        let path = folder.path().display().to_string();
        let mut started = Vec::new();
        let kinds: [(_, Start); 2] = [(MONGODB_URI, mongodb::start), (NATS_URL, nats::start)];
        for (variable, start) in kinds {
            if env::var_os(variable).is_some_and(|url| !url.is_empty()) {
                continue;
            }
            let server = start(ServerLocation::folder(folder.path().join(variable)))
                .map_err(|error| TaskError(error.to_string()))?;
            eprintln!("servers: {variable}={}", server.url());
            started.push((variable, server));
        }
        Ok(Self { started, path, _folder: folder })
    }

    /// The environment variables with the URLs of the servers, and the folder for temporary files.
    pub(crate) fn environment(&self) -> Vec<(&str, &str)> {
        let urls = self.started.iter().map(|(variable, server)| (*variable, server.url()));
        urls.chain([("TMPDIR", self.path.as_str())]).collect()
    }

    /// Reports servers that exited, which may explain a failure.
    pub(crate) fn report_exits(&mut self) {
        for (_, server) in &mut self.started {
            if let Some(status) = server.exit_status() {
                eprintln!(
                    "servers: {} exited ({status}); its log ends with:\n{}",
                    server.name(),
                    server.log_tail()
                );
            }
        }
    }
}

/// Runs a command with both servers, and returns its exit code.
pub(crate) fn run(line: &[String]) -> Result<ExitCode, TaskError> {
    let (name, arguments) = line.split_first().ok_or_else(|| TaskError("a command is missing".to_owned()))?;
    setup::servers()?;
    let mut servers = Servers::start()?;
    let mut command = Command::new(name);
    command.args(arguments).envs(servers.environment());
    let mut child = command.spawn().map_err(|error| TaskError(format!("`{name}` cannot be run: {error}")))?;
    forward_sigterm(child.id())?;
    let status = child.wait().map_err(|error| TaskError(format!("`{name}` cannot be awaited: {error}")))?;
    if !status.success() {
        servers.report_exits();
    }
    Ok(exit_code(status))
}

/// The exit code as in a shell: 128 plus the signal that ended the process.
fn exit_code(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX))
}
