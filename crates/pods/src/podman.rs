//! Calls of podman with the settings that `cargo xtask setup` wrote, and podman's network.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output};

use servers::tools;

use crate::PodsError;

/// The label of a container with the id of the process that started it.
pub(crate) const LABEL: &str = "ticketing-pods";

/// Lines of a log that an error message shows.
pub(crate) const MAX_LOG_LINES: Option<usize> = Some(20);

/// The output of podman.
pub(crate) fn podman<S: AsRef<OsStr>>(arguments: &[S]) -> Result<String, PodsError> {
    run("podman", arguments)
}

/// The address of a container in its network.
pub(crate) fn address(name: &str) -> Result<String, PodsError> {
    podman(&["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name])
}

/// The log of a container, both outputs: the last lines, or all.
pub(crate) fn log(name: &str, max_lines: Option<usize>) -> String {
    let lines = max_lines.map_or(-1, usize::cast_signed).to_string();
    let output = command("podman", &["logs", "--tail", &lines, name]).output();
    let both = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&both).into_owned()
}

/// The output of podman or buildah.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> Result<String, PodsError> {
    let output = command(program, arguments).output();
    let output = output.map_err(|error| PodsError::Run { program: program.to_owned(), error })?;
    let verb = arguments.first().map(|first| first.as_ref().to_string_lossy().into_owned());
    succeeded(&format!("{program} {}", verb.unwrap_or_default()), &output)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Returns an error with the standard error of a command that failed.
pub(crate) fn succeeded(command: &str, output: &Output) -> Result<(), PodsError> {
    if output.status.success() {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(PodsError::Failed { command: command.to_owned(), message })
}

fn command<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    let settings = tools().join("containers.conf");
    if settings.is_file() {
        command.env("CONTAINERS_CONF", settings);
    }
    command
}

/// Removes containers whose process has ended.
pub(crate) fn remove_orphans() -> Result<(), PodsError> {
    let all =
        podman(&["ps", "--all", "--format", &format!("{{{{.ID}}}} {{{{index .Labels \"{LABEL}\"}}}}")])?;
    for line in all.lines() {
        let Some((id, owner)) = line.split_once(' ').filter(|(_, owner)| owner.parse::<u32>().is_ok()) else {
            continue;
        };
        if !Path::new("/proc").join(owner).exists() {
            podman(&["rm", "--force", "--volumes", "--time", "0", id])?;
        }
    }
    Ok(())
}

/// A network. Dropping it removes all containers and volumes whose names begin with its name.
#[derive(Debug)]
pub(crate) struct Network(String);

impl Network {
    pub(crate) fn create() -> Result<Self, PodsError> {
        let network = Self(format!("ticketing-{}", std::process::id()));
        network.remove();
        podman(&["network", "create", &network.0]).map(|_| network)
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// Best effort: errors are ignored.
    fn remove(&self) {
        let filter = format!("name=^{}-", self.0);
        let lists: [(&[&str], &[&str]); 2] = [
            (
                &["ps", "--all", "--quiet", "--filter", &filter],
                &["rm", "--force", "--volumes", "--time", "0"],
            ),
            (&["volume", "ls", "--quiet", "--filter", &filter], &["volume", "rm", "--force"]),
        ];
        for (list, remove) in lists {
            for one in podman(list).unwrap_or_default().lines() {
                let _ = podman(&[remove, &[one]].concat());
            }
        }
        let _ = podman(&["network", "rm", "--force", &self.0]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.remove();
    }
}
