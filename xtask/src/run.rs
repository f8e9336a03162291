//! Runs a program and says which one failed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// A program failed, or is missing.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) String);

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Runs cargo in the workspace.
pub(crate) fn cargo(arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Failed> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    eprintln!("\n=== {}", line("cargo", arguments));
    let mut command = Command::new(cargo);
    command.envs(environment.iter().copied()).current_dir(root());
    succeed(&mut command, "cargo", arguments)
}

/// Runs a program in the workspace.
pub(crate) fn program(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), Failed> {
    program_in(&root(), name, arguments, environment)
}

/// Runs a program in a folder.
pub(crate) fn program_in<V: AsRef<OsStr>>(
    folder: &Path,
    name: &str,
    arguments: &[&str],
    environment: &[(&str, V)],
) -> Result<(), Failed> {
    let mut command = Command::new(name);
    command.envs(environment.iter().map(|(name, value)| (name, value))).current_dir(folder);
    succeed(&mut command, name, arguments)
}

/// What a program prints, without the space around it.
pub(crate) fn output(name: &str, arguments: &[&str]) -> Result<String, Failed> {
    output_in(&root(), name, arguments)
}

/// The same in an environment of its own.
pub(crate) fn output_with(
    name: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<String, Failed> {
    let mut command = Command::new(name);
    command.envs(environment.iter().copied()).current_dir(root());
    printed(command, name, arguments)
}

/// What a program prints when it is run in a folder. What it says beside that is told if it fails.
pub(crate) fn output_in(folder: &Path, name: &str, arguments: &[&str]) -> Result<String, Failed> {
    let mut command = Command::new(name);
    command.current_dir(folder);
    printed(command, name, arguments)
}

fn printed(mut command: Command, name: &str, arguments: &[&str]) -> Result<String, Failed> {
    let line = line(name, arguments);
    let output = command.args(arguments).output().map_err(|error| missing(&line, &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failed(format!("`{line}` failed ({}): {}", output.status, said.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn succeed(command: &mut Command, name: &str, arguments: &[&str]) -> Result<(), Failed> {
    let line = line(name, arguments);
    let status = command.args(arguments).status().map_err(|error| missing(&line, &error))?;
    if status.success() { Ok(()) } else { Err(failed(&line, status)) }
}

fn line(name: &str, arguments: &[&str]) -> String {
    format!("{name} {}", arguments.join(" "))
}

fn failed(line: &str, status: ExitStatus) -> Failed {
    Failed(format!("`{line}` failed ({status})"))
}

fn missing(line: &str, error: &std::io::Error) -> Failed {
    Failed(format!("`{line}` cannot be run: {error}"))
}
