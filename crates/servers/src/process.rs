//! Child processes: how to run a program, signals, and the watchdog.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

use crate::{ReadinessProbe, ServerError};

pub use rustix::process::Signal;

/// Lines of a log that an error message shows.
const MAX_LOG_LINES: usize = 20;

/// A program, run the same way each time.
#[derive(Debug, Clone)]
pub struct Program {
    /// The name in messages, such as `tickets-2`.
    pub name: String,
    /// The executable file.
    pub path: PathBuf,
    /// The arguments.
    pub arguments: Vec<OsString>,
    /// Environment variables, added to those of this process.
    pub environment: Vec<(String, String)>,
    /// The working directory.
    pub folder: PathBuf,
    /// The file that standard output and standard error are appended to.
    pub log: PathBuf,
    /// The condition under which the program is ready.
    pub probe: ReadinessProbe,
    /// Timeout for becoming ready, and for stopping.
    pub timeout: Duration,
}

impl Program {
    pub(crate) fn spawn(&self) -> Result<Child, ServerError> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(ServerError::file(&self.log))?;
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.folder).stdin(Stdio::null());
        command.stdout(log.try_clone().map_err(ServerError::file(&self.log))?).stderr(log);
        // Ctrl-C must reach this process only, which then stops its children in the right order.
        command.process_group(0);
        let error = |source| ServerError::Spawn { name: self.name.clone(), path: self.path.clone(), source };
        command.spawn().map_err(error)
    }

    /// The last lines of the log.
    pub fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<_> = text.lines().collect();
        let tail = &lines[lines.len().saturating_sub(MAX_LOG_LINES)..];
        if tail.is_empty() { "(nothing)".to_owned() } else { tail.join("\n") }
    }
}

/// Sends a signal to a process.
///
/// # Errors
/// The process does not exist, or belongs to another user.
pub fn send_signal(id: u32, signal: Signal) -> io::Result<()> {
    Ok(kill_process(pid(id)?, signal)?)
}

/// Sends a signal to a process and to the processes that it started.
pub(crate) fn send_group_signal(id: u32, signal: Signal) -> io::Result<()> {
    Ok(kill_process_group(pid(id)?, signal)?)
}

/// Whether a child process is stopped. After SIGSTOP a process may run for a moment.
pub(crate) fn is_stopped(id: u32) -> bool {
    // `NOWAIT` leaves the status for `Child::wait`.
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let status = pid(id).and_then(|pid| Ok(waitid(WaitId::Pid(pid), options)?));
    status.is_ok_and(|status| status.is_some_and(|status| status.stopped()))
}

fn pid(id: u32) -> io::Result<Pid> {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    pid.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("{id} is not a process id")))
}

/// Reads one line. The end of the input without a line means that the parent has ended. (`-s`: required by dash.)
const SCRIPT: &str = r#"read -r _ || kill -s KILL -- "-$1""#;

/// A shell that holds a pipe from this process, and kills a process group when the pipe breaks.
///
/// A test that is ended by Ctrl-C or SIGKILL runs no `Drop`, which alone would leave servers behind.
#[derive(Debug)]
pub(crate) struct Watchdog(Child);

impl Watchdog {
    pub(crate) fn spawn(group: u32) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "watchdog", &group.to_string()]);
        // In a process group of its own: Ctrl-C must not end the watchdog first.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self)
    }
}

impl Drop for Watchdog {
    /// Ends the watchdog without a kill: the watched process has ended, and its id may be reused.
    fn drop(&mut self) {
        if let Some(mut input) = self.0.stdin.take() {
            let _ = input.write_all(b"done\n");
        }
        let _ = self.0.wait();
    }
}
