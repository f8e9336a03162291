//! Connections: their settings, the schema and the version of the file's format.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::error::SqliteOpenFault;

/// Marks our files among SQLite's: "TIKT".
const APPLICATION: i32 = 0x5449_4B54;
/// The format that this version writes.
const FORMAT: i32 = 1;
const SCHEMA: &str = include_str!("schema.sql");
/// The columns of a later release. Former releases ignore these columns, so the format of the file stays the same and a
/// rollback is possible.
const FORMATS: &str = include_str!("formats.sql");

/// The wait for another connection's lock. Only a checkpoint or a recovery holds a lock for a noticeable time.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// More than the distinct statements of this adapter.
const MAX_CACHED_STATEMENTS: usize = 32;
/// Page caches are small, since the operating system caches the file as well.
const WRITER_CACHE_KIB: i32 = 1024;
const READER_CACHE_KIB: i32 = 256;
/// A write-ahead log of this length (4 MiB) is copied into the database. A log that a burst made longer is
/// cut back.
const CHECKPOINT_PAGES: i32 = 1000;
const MAX_LOG_BYTES: i32 = 8 << 20;

/// The use of a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenMode {
    /// Whether this process is the only writer.
    pub(super) exclusive: bool,
    /// Whether a commit is on the disk before it is confirmed.
    pub(super) survives_power_loss: bool,
}

/// A file that is locked while the database is open, so that no second process becomes its second writer. The
/// operating system unlocks the file when the process ends, even after a crash.
pub(super) type LockFile = File;

/// Locks the database at `path`, and creates its folder if that is missing.
pub(super) fn lock(path: &Path) -> Result<LockFile, SqliteOpenFault> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(SqliteOpenFault::Folder)?;
    }
    let mut name = OsString::from(path);
    name.push(".lock");
    let lock = File::options().create(true).truncate(false).write(true).open(name);
    let lock = lock.map_err(SqliteOpenFault::Folder)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(SqliteOpenFault::InUse),
        Err(TryLockError::Error(cause)) => Err(SqliteOpenFault::Folder(cause)),
    }
}

/// The connection that writes.
pub(super) fn writer(path: &Path, mode: OpenMode) -> Result<Connection, SqliteOpenFault> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    tune(&connection, WRITER_CACHE_KIB)?;
    // Read before any change: the file may belong to another program.
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let is_empty = match (number("application_id")?, number("user_version")?) {
        (0, 0) if tables == 0 => true,
        (APPLICATION, ..=FORMAT) => false,
        (APPLICATION, found) => return Err(SqliteOpenFault::Newer { found, known: FORMAT }),
        _ => return Err(SqliteOpenFault::Foreign),
    };
    set_durability(&connection, mode)?;
    if is_empty {
        create(&mut connection)?;
    }
    add_formats(&mut connection)?;
    Ok(connection)
}

/// A connection that reads beside the writer.
pub(super) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    tune(&connection, READER_CACHE_KIB)?;
    Ok(connection)
}

/// A database that is deleted when it is closed.
pub(super) fn memory() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    tune(&connection, WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    create(&mut connection)?;
    add_formats(&mut connection)?;
    Ok(connection)
}

fn tune(connection: &Connection, cache_kib: i32) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(MAX_CACHED_STATEMENTS);
    // The query planner stability guarantee: without it SQLite plans a cached statement again for each new value of a
    // parameter such as a limit, which takes longer than the query.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -cache_kib)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn set_durability(connection: &Connection, mode: OpenMode) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // In WAL mode a lower level survives a crash of the process, but not of the machine; at NORMAL that loses the last
    // commits and damages nothing.
    connection.pragma_update(
        None,
        "synchronous",
        if mode.survives_power_loss { "FULL" } else { "NORMAL" },
    )?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", MAX_LOG_BYTES)
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()
}

/// Adds the columns of formats, unless they are there.
fn add_formats(connection: &mut Connection) -> rusqlite::Result<()> {
    let has_formats = |connection: &Connection| connection.column_exists(None, "documents", "newest_format");
    if has_formats(connection)? {
        return Ok(());
    }
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    // An operator's tool may have been faster.
    if !has_formats(&transaction)? {
        transaction.execute_batch(FORMATS)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn no_new_value_of_a_parameter_prepares_a_statement_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notes.db");
        let mode = OpenMode { exclusive: true, survives_power_loss: true };
        let writer = writer(&path, mode).expect("a database");
        let [reader, memory] = [reader(&path), memory()].map(|opened| opened.expect("a database"));
        for connection in [writer, reader, memory] {
            let sql =
                "SELECT key FROM keys WHERE collection = ?1 AND name = ?2 AND key > ?3 ORDER BY key LIMIT ?4";
            for limit in 1..4 {
                let mut statement = connection.prepare_cached(sql).expect("a statement");
                let mut rows = statement.query(("notes", "by-age", [1], limit)).expect("a query");
                assert!(rows.next().expect("a row or the end").is_none());
                drop(rows);
                assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "limit {limit}");
            }
        }
    }
}
