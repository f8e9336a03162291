//! What can go wrong with a server.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// A server cannot be found, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// It is not on this machine.
    #[error("{name} is missing; run `cargo xtask setup`, or {help}")]
    Missing {
        /// What is missing.
        name: &'static str,
        /// What else would help.
        help: &'static str,
    },
    /// An environment variable names a program that is not there.
    #[error("{variable} names {}, which is not a file; correct it, or unset it", path.display())]
    NotAFile {
        /// The environment variable.
        variable: &'static str,
        /// What it says.
        path: PathBuf,
    },
    /// The system does not run it.
    #[error("{name} cannot be started ({}): {source}", path.display())]
    Spawn {
        /// Its name.
        name: String,
        /// The program.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// It ended before it was ready.
    #[error("{name} ended instead of getting ready ({status}); its log ends with:\n{log}")]
    Ended {
        /// Its name.
        name: String,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It runs and does not answer.
    #[error("{name} was not ready within {} s; its log ends with:\n{log}", waited.as_secs())]
    Silent {
        /// Its name.
        name: String,
        /// How long was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// It was asked to stop, did not, and was killed.
    #[error("{name} did not stop within {} s and was killed; its log ends with:\n{log}", waited.as_secs())]
    Stuck {
        /// Its name.
        name: String,
        /// How long was waited.
        waited: Duration,
        /// The end of its log.
        log: String,
    },
    /// It was to be signalled and does not run.
    #[error("{name} does not run")]
    NotRunning {
        /// Its name.
        name: String,
    },
    /// Somebody else has the port.
    #[error("port {0} of 127.0.0.1 is in use already; stop the other program, or choose another port")]
    PortInUse(u16),
    /// There is no port left.
    #[error("no port of 127.0.0.1 is free between {first} and {last}", first = .0.start, last = .0.end)]
    NoPort(std::ops::Range<u16>),
    /// A file or folder cannot be used.
    #[error("{} cannot be used: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The `kill` program failed.
    #[error("{name} cannot be signalled: {source}")]
    Signal {
        /// Whom.
        name: String,
        /// Why not.
        source: io::Error,
    },
}

impl ServerError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
