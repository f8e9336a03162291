//! The temporary files of tests: in memory if there is room, since no test depends on a disk, and databases wait for it at
//! each commit.

use std::env;
use std::path::Path;

use tempfile::TempDir;

use crate::run::{TaskError, unusable};

/// Linux's file system in memory.
const MEMORY: &str = "/dev/shm";
/// Many times what all tests together store.
const MIN_FREE_BYTES: u64 = 1 << 30;

/// A new folder, removed when dropped: in `TMPDIR` if that is set, otherwise in memory, or on the disk if memory lacks room.
pub(crate) fn temporary_folder() -> Result<TempDir, TaskError> {
    let memory = Path::new(MEMORY);
    let is_chosen = env::var_os("TMPDIR").is_some();
    let parent = if !is_chosen && has_room(memory) { memory.to_owned() } else { env::temp_dir() };
    tempfile::Builder::new().prefix("ticketing-").tempdir_in(&parent).map_err(unusable(&parent))
}

/// Whether the tests' data fits.
fn has_room(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|found| found.f_bavail * found.f_frsize >= MIN_FREE_BYTES)
}
