//! The real program, and where it keeps its data meanwhile.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use e2e::Process;
use tempfile::TempDir;

/// Why a measurement was not made.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A running marketplace.
pub(crate) struct Program {
    process: Process,
    pub(crate) address: SocketAddr,
}

impl Program {
    /// Starts it on this data folder and waits until it says that it is ready.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Result<Self, Failure> {
        let process = Process::start(&path()?.to_string_lossy(), data, more);
        let address = process.place.marketplace.trim_start_matches("http://").parse()?;
        Ok(Self { process, address })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        if self.process.stop() { Ok(()) } else { Err("the program did not end well".into()) }
    }
}

/// Fails if the program was not built.
pub(crate) fn check() -> Result<(), Failure> {
    let path = path()?;
    if path.exists() {
        return Ok(());
    }
    Err(format!("{} is missing; run `cargo xtask bench`, which builds it first", path.display()).into())
}

/// It stands beside the bench.
fn path() -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?.with_file_name("ticketing"))
}

/// A folder that goes when it is dropped: beside the programs, since the system's own is in memory on some machines,
/// where nothing is ever made durable.
pub(crate) fn folder() -> Result<TempDir, Failure> {
    let own = std::env::current_exe()?;
    let beside = own.parent().ok_or("the bench stands nowhere")?;
    Ok(tempfile::Builder::new().prefix("bench-data-").tempdir_in(beside)?)
}
