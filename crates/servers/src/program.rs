//! A program as it is to be run.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{Ready, ServerError};

/// How much of a log is told when a program fails.
const LOG_LINES: usize = 20;

/// A program as it is to be run, the same way each time.
#[derive(Debug, Clone)]
pub struct Program {
    /// What to call it, such as `tickets-2`.
    pub name: String,
    /// The file to run.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What it finds in its environment beside what is there already.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub folder: PathBuf,
    /// What it prints goes here, after what is there already.
    pub log: PathBuf,
    /// How to know that it is ready.
    pub ready: Ready,
    /// How long it may take to get ready, and to stop.
    pub patience: Duration,
}

impl Program {
    pub(crate) fn spawn(&self) -> Result<Child, ServerError> {
        let log = File::options().create(true).append(true).open(&self.log);
        let log = log.map_err(ServerError::file(&self.log))?;
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.folder).stdin(Stdio::null());
        command.stdout(log.try_clone().map_err(ServerError::file(&self.log))?).stderr(log);
        // A group of its own: Ctrl-C is for whoever started it, who then stops things in the right order.
        command.process_group(0);
        let fault = |source| ServerError::Spawn { name: self.name.clone(), path: self.path.clone(), source };
        command.spawn().map_err(fault)
    }

    /// The last lines of its log.
    pub fn log_end(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<_> = text.lines().collect();
        let end = &lines[lines.len().saturating_sub(LOG_LINES)..];
        if end.is_empty() { "(nothing)".to_owned() } else { end.join("\n") }
    }
}
