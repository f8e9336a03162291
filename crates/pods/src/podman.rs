//! Calls podman, with the settings that `cargo xtask setup` wrote.

use std::ffi::OsStr;
use std::process::Command;

use servers::tools;

use crate::PodsError;

/// What a container's label says who it belongs to: the process that started it.
pub(crate) const LABEL: &str = "ticketing-pods";

/// What podman prints.
pub(crate) fn podman<S: AsRef<OsStr>>(arguments: &[S]) -> Result<String, PodsError> {
    run("podman", arguments)
}

/// A container's address in its network.
pub(crate) fn address(name: &str) -> Result<String, PodsError> {
    podman(&["inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name])
}

/// The end of a container's log, of both its outputs.
pub(crate) fn log(name: &str) -> String {
    let output = command("podman", &["logs", "--tail", "20", name]).output();
    let both = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    String::from_utf8_lossy(&both).into_owned()
}

/// What podman or buildah prints.
pub(crate) fn run<S: AsRef<OsStr>>(program: &str, arguments: &[S]) -> Result<String, PodsError> {
    let output = command(program, arguments).output();
    let output = output.map_err(|error| PodsError::Run { program: program.to_owned(), error })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let verb =
        arguments.first().map(|first| first.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
    Err(PodsError::Failed {
        command: format!("{program} {verb}"),
        words: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
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

/// Removes what processes that are gone have left behind.
pub(crate) fn clean() -> Result<(), PodsError> {
    let all =
        podman(&["ps", "--all", "--format", &format!("{{{{.ID}}}} {{{{index .Labels \"{LABEL}\"}}}}")])?;
    for line in all.lines() {
        let Some((id, owner)) = line.split_once(' ').filter(|(_, owner)| owner.parse::<u32>().is_ok()) else {
            continue;
        };
        if !std::path::Path::new("/proc").join(owner).exists() {
            podman(&["rm", "--force", "--volumes", "--time", "0", id])?;
        }
    }
    Ok(())
}
