//! Child processes and signals.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use servers::{Signal, send_signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The message of a failed command.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TaskError(pub(crate) String);

/// An error about a file or folder.
pub(crate) fn unusable(path: &Path) -> impl Fn(std::io::Error) -> TaskError + '_ {
    move |error| TaskError(format!("{} cannot be used: {error}", path.display()))
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs cargo in the workspace.
pub(crate) fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), TaskError> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    eprintln!("\n=== {}", line("cargo", arguments));
    let mut command = Command::new(cargo);
    command.envs(environment.iter().copied()).current_dir(root());
    succeed(&mut command, "cargo", arguments)
}

/// cargo's arguments to build every program.
pub(crate) const BUILD_PROGRAMS: [&str; 8] =
    ["build", "--workspace", "--exclude", "xtask", "--exclude", "fuzz", "--all-features", "--bins"];

/// Builds the same programs as the tests, so that both share their dependencies.
pub(crate) fn build_programs(release: bool) -> Result<(), TaskError> {
    let mut arguments = BUILD_PROGRAMS.to_vec();
    arguments.extend(release.then_some("--release"));
    cargo(&arguments, &[])
}

/// cargo's folder of programs for a profile.
pub(crate) fn programs(release: bool) -> Result<PathBuf, TaskError> {
    Ok(target()?.join(if release { "release" } else { "debug" }))
}

/// cargo's target folder.
pub(crate) fn target() -> Result<PathBuf, TaskError> {
    let here = std::env::current_exe().ok();
    let target = here.as_deref().and_then(Path::parent).and_then(Path::parent);
    target.map(Path::to_path_buf).ok_or_else(|| TaskError("xtask cannot find the target folder".to_owned()))
}

/// Runs a program in the workspace.
pub(crate) fn program(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), TaskError> {
    program_in(&root(), name, arguments, environment)
}

/// Runs a program in a folder.
pub(crate) fn program_in<V: AsRef<OsStr>>(
    folder: &Path,
    name: &str,
    arguments: &[&str],
    environment: &[(&str, V)],
) -> Result<(), TaskError> {
    let mut command = Command::new(name);
    command.envs(environment.iter().map(|(name, value)| (name, value))).current_dir(folder);
    succeed(&mut command, name, arguments)
}

/// The trimmed output of a program in the workspace.
pub(crate) fn output(name: &str, arguments: &[&str]) -> Result<String, TaskError> {
    output_in(&root(), name, arguments)
}

/// The trimmed output of a program in the workspace, with additional environment variables.
pub(crate) fn output_with(
    name: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<String, TaskError> {
    let mut command = Command::new(name);
    command.envs(environment.iter().copied()).current_dir(root());
    captured(command, name, arguments)
}

/// The trimmed output of a program in a folder. The error shows the standard error.
pub(crate) fn output_in(folder: &Path, name: &str, arguments: &[&str]) -> Result<String, TaskError> {
    let mut command = Command::new(name);
    command.current_dir(folder);
    captured(command, name, arguments)
}

fn captured(mut command: Command, name: &str, arguments: &[&str]) -> Result<String, TaskError> {
    let line = line(name, arguments);
    let output = command.args(arguments).output().map_err(|error| not_run(&line, &error))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(TaskError(format!("`{line}` failed ({}): {}", output.status, stderr.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn succeed(command: &mut Command, name: &str, arguments: &[&str]) -> Result<(), TaskError> {
    let line = line(name, arguments);
    let status = command.args(arguments).status().map_err(|error| not_run(&line, &error))?;
    if status.success() { Ok(()) } else { Err(TaskError(format!("`{line}` failed ({status})"))) }
}

fn line(name: &str, arguments: &[&str]) -> String {
    format!("{name} {}", arguments.join(" "))
}

fn not_run(line: &str, error: &std::io::Error) -> TaskError {
    TaskError(format!("`{line}` cannot be run: {error}"))
}

/// Handles Ctrl-C, SIGTERM and SIGHUP from now on, so that they do not end this process.
pub(crate) fn handle_signals() -> Result<Signals, TaskError> {
    Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| TaskError(format!("signals cannot be handled: {error}")))
}

/// Forwards SIGTERM to a child process from now on. Ctrl-C and a closed terminal reach the child by themselves.
pub(crate) fn forward_sigterm(id: u32) -> Result<(), TaskError> {
    let mut signals = handle_signals()?;
    thread::spawn(move || {
        for _ in signals.forever().filter(|signal| *signal == SIGTERM) {
            // The child may have ended already.
            let _ = send_signal(id, Signal::TERM);
        }
    });
    Ok(())
}
