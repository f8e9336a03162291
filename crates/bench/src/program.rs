//! The program under measurement.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::poll_until;
use e2e::Process;
use loadgen::pause;
use loadgen::process::{TICK_MILLIS, processor_time};
use tempfile::TempDir;

/// The reason why a measurement was not made.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A process that used no processor time for so long is idle.
const QUIET_PERIOD: Duration = Duration::from_millis(500);
/// Past what the slowest server needs for all that follows from a round.
const IDLE_TIMEOUT: Duration = Duration::from_mins(2);

/// A running marketplace.
pub(crate) struct Program {
    process: Process,
    pub(crate) address: SocketAddr,
    /// The address of the simulator in it.
    pub(crate) stripe: SocketAddr,
}

impl Program {
    /// Starts the program on this data folder and waits until it is ready.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Result<Self, Failure> {
        Self::start_at(&path()?, data, more)
    }

    /// Starts the program of any build.
    pub(crate) fn start_at(program: &Path, data: &Path, more: &[&str]) -> Result<Self, Failure> {
        let process = Process::start(&program.to_string_lossy(), data, more);
        let address = process.endpoints.marketplace.trim_start_matches("http://").parse()?;
        let stripe = process.endpoints.stripe.trim_start_matches("http://").parse()?;
        Ok(Self { process, address, stripe })
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Stops the program as an operator does.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        if self.process.stop() { Ok(()) } else { Err("the program did not stop cleanly".into()) }
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

/// The program beside the bench.
pub(crate) fn path() -> Result<PathBuf, Failure> {
    Ok(folder_of_programs()?.join("ticketing"))
}

/// The programs stand beside the bench.
pub(crate) fn folder_of_programs() -> Result<PathBuf, Failure> {
    Ok(std::env::current_exe()?.parent().ok_or("the bench has no folder")?.to_owned())
}

/// A folder that is removed when dropped. Beside the programs: the system's own is in memory on some machines, where
/// nothing is ever made durable.
pub(crate) fn folder() -> Result<TempDir, Failure> {
    Ok(tempfile::Builder::new().prefix("bench-data-").tempdir_in(folder_of_programs()?)?)
}

/// Waits until a process is idle.
pub(crate) async fn until_idle(process: u32) -> Result<(), Failure> {
    let is_idle = async || {
        let before = processor_time(process)?;
        pause(QUIET_PERIOD).await;
        Ok::<_, Failure>((processor_time(process)? - before <= TICK_MILLIS).then_some(()))
    };
    poll_until(IDLE_TIMEOUT, is_idle).await?.ok_or_else(|| "the program is still busy".into())
}
