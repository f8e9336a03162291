//! Opening connections: the settings, the schema and the format's version.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::OpenError;

/// Marks our files among SQLite's: "TIKT".
const APPLICATION: i32 = 0x5449_4B54;
/// The format that this version writes.
const FORMAT: i32 = 1;
const SCHEMA: &str = include_str!("schema.sql");

/// How long a connection waits for another one's lock. Only a checkpoint or a recovery ever holds one that matters.
const BUSY: Duration = Duration::from_secs(5);
/// More than the distinct statements of this adapter.
const STATEMENTS: usize = 32;
/// Page caches are kept small, since the operating system caches the file as well.
const WRITER_CACHE_KIB: i32 = 1024;
const READER_CACHE_KIB: i32 = 256;
/// The write-ahead log is copied into the database when it is this long (4 MiB pages in all), and cut back to about
/// that when a burst has made it longer.
const CHECKPOINT_PAGES: i32 = 1000;
const LOG_BYTES: i32 = 8 << 20;

/// A file that is locked while the database is open, so that no second process becomes its second writer. The
/// operating system unlocks it when the process dies, however it dies.
pub(super) type Guard = File;

/// Locks the database at `path`; its folder is made when it is missing.
pub(super) fn lock(path: &Path) -> Result<(PathBuf, Guard), OpenError> {
    let folder = |cause: io::Error| OpenError::Folder { path: path.to_owned(), cause };
    // An absolute path is never one of the names that mean something special to SQLite.
    let path = std::path::absolute(path).map_err(folder)?;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(folder)?;
    }
    let mut name = OsString::from(&path);
    name.push(".lock");
    let guard = File::options().create(true).truncate(false).write(true).open(name).map_err(folder)?;
    match guard.try_lock() {
        Ok(()) => Ok((path, guard)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path }),
        Err(TryLockError::Error(cause)) => Err(folder(cause)),
    }
}

/// The connection that writes.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let failed = |cause| OpenError::sqlite(path, cause);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    tune(&connection, WRITER_CACHE_KIB).map_err(failed)?;
    // Looked at before anything is changed: it may be somebody else's file.
    let found = format(&connection).map_err(failed)?;
    let path = path.to_owned();
    match found {
        Format::Foreign => return Err(OpenError::Foreign { path }),
        Format::Ours(found) if found > FORMAT => {
            return Err(OpenError::Newer { path, found, known: FORMAT });
        }
        Format::Ours(_) | Format::Empty => {}
    }
    durable(&connection).map_err(failed)?;
    if let Format::Empty = found {
        create(&mut connection).map_err(failed)?;
    }
    Ok(connection)
}

/// A connection that reads beside the writer.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    tune(&connection, READER_CACHE_KIB)?;
    Ok(connection)
}

/// A database that is gone when it is closed.
pub(super) fn memory() -> Result<Connection, OpenError> {
    let failed = |cause| OpenError::sqlite(Path::new(":memory:"), cause);
    let mut connection = Connection::open_in_memory().map_err(failed)?;
    tune(&connection, WRITER_CACHE_KIB).map_err(failed)?;
    connection.pragma_update(None, "synchronous", "OFF").map_err(failed)?;
    create(&mut connection).map_err(failed)?;
    Ok(connection)
}

fn tune(connection: &Connection, cache_kib: i32) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn durable(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // In WAL mode anything less survives the death of the process, but not that of the machine.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_BYTES)
}

enum Format {
    Empty,
    Ours(i32),
    Foreign,
}

fn format(connection: &Connection) -> rusqlite::Result<Format> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (number("application_id")?, number("user_version")?) {
        (0, 0) if tables == 0 => Format::Empty,
        (APPLICATION, version) => Format::Ours(version),
        _ => Format::Foreign,
    })
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}
