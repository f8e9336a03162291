//! Errors of servers.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// A server cannot be found, started or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The program is not on this machine.
    #[error("{name} is missing; run `cargo xtask setup`, or {help}")]
    Missing {
        /// The server.
        name: &'static str,
        /// The alternative to the setup.
        help: &'static str,
    },
    /// An environment variable names a program that does not exist.
    #[error("{variable} names {}, which is not a file; correct or unset it", path.display())]
    NotAFile {
        /// The environment variable.
        variable: &'static str,
        /// The value.
        path: PathBuf,
    },
    /// The operating system refused to run the program.
    #[error("{name} cannot be started ({}): {source}", path.display())]
    Spawn {
        /// The program's name.
        name: String,
        /// The executable file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The program exited before it was ready.
    #[error("{name} exited before it was ready ({status}); its log ends with:\n{log}")]
    Exited {
        /// The program's name.
        name: String,
        /// The exit status.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// The program runs, but its readiness probe failed until the timeout.
    #[error("{name} was not ready within {} s; its log ends with:\n{log}", timeout.as_secs())]
    NotReady {
        /// The program's name.
        name: String,
        /// The timeout.
        timeout: Duration,
        /// The end of its log.
        log: String,
    },
    /// The program did not stop after SIGTERM, and was killed.
    #[error("{name} did not stop within {} s and was killed; its log ends with:\n{log}", timeout.as_secs())]
    NotStopped {
        /// The program's name.
        name: String,
        /// The timeout.
        timeout: Duration,
        /// The end of its log.
        log: String,
    },
    /// A program that is not running cannot be signalled.
    #[error("{name} is not running")]
    NotRunning {
        /// The program's name.
        name: String,
    },
    /// Another program has the port.
    #[error("port {0} of 127.0.0.1 is already in use; stop the other program, or choose another port")]
    PortInUse(u16),
    /// All ports are in use.
    #[error("no port of 127.0.0.1 is free between {first} and {last}", first = .0.start, last = .0.end)]
    NoPort(std::ops::Range<u16>),
    /// A file or folder cannot be used.
    #[error("{} cannot be used: {source}", path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The signal could not be sent.
    #[error("{name} cannot be signalled: {source}")]
    Signal {
        /// The program's name.
        name: String,
        /// The cause.
        source: io::Error,
    },
}

impl ServerError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
