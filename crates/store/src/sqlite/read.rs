//! Reads. Each is one statement and therefore sees one state of the database.

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::error::store_error;
use crate::{Direction, IndexedRecord, OutboxEntry, RangeQuery, Record, ScannedRecord, UniqueKey};

/// The document of this id.
pub(super) fn get(connection: &Connection, collection: &str, id: Uuid) -> rusqlite::Result<Option<Record>> {
    connection
        .prepare_cached(
            "SELECT id, version, newest_format, body FROM documents WHERE collection = ?1 AND id = ?2",
        )?
        .query_row(params![collection, id.as_bytes()], |row| record(row, 0))
        .optional()
}

/// The document that holds this unique key.
pub(super) fn get_by_unique_key(
    connection: &Connection,
    collection: &str,
    key: &UniqueKey,
) -> rusqlite::Result<Option<Record>> {
    connection
        .prepare_cached(
            "SELECT id, version, newest_format, body FROM claims CROSS JOIN documents USING (document)
             WHERE claims.collection = ?1 AND claims.name = ?2 AND claims.value = ?3",
        )?
        .query_row(params![collection, key.name, key.value.as_bytes()], |row| record(row, 0))
        .optional()
}

/// A part of an index.
pub(super) fn range(connection: &Connection, query: &RangeQuery) -> rusqlite::Result<Vec<IndexedRecord>> {
    let after = query.after.as_deref().map(split);
    // The empty id is less than every id, so these bounds include, or exclude, every document of that key.
    let mut low = (query.from.as_slice(), &[][..]);
    let mut high = query.to.as_deref().map(|to| (to, &[][..]));
    let order = match query.direction {
        Direction::Ascending => {
            low = after.map_or(low, |after| low.max(after));
            "ASC"
        }
        Direction::Descending => {
            high = after.into_iter().chain(high).min();
            "DESC"
        }
    };
    let upper = if high.is_some() { "AND (k.key, k.id) < (?6, ?7)" } else { "" };
    let sql = format!(
        "SELECT k.key, k.id, d.version, d.newest_format, d.body FROM keys k CROSS JOIN documents d USING (document)
         WHERE k.collection = ?1 AND k.name = ?2 AND (k.key, k.id) > (?3, ?4) {upper}
         ORDER BY k.key {order}, k.id {order} LIMIT ?5"
    );
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let indexed = |row: &Row<'_>| {
        let cursor = RangeQuery::cursor(&row.get::<_, Vec<u8>>(0)?, Uuid::from_bytes(row.get(1)?));
        // A damaged row, such as a text that is not UTF-8, hides no other.
        Ok((cursor, record(row, 1).map_err(|error| store_error(&error))))
    };
    let (collection, index) = (query.collection, query.index);
    match high {
        Some(high) => statement
            .query_map(params![collection, index, low.0, low.1, limit, high.0, high.1], indexed)?
            .collect(),
        None => statement.query_map(params![collection, index, low.0, low.1, limit], indexed)?.collect(),
    }
}

/// The number of entries in a part of an index.
pub(super) fn count(connection: &Connection, query: &RangeQuery) -> rusqlite::Result<usize> {
    let upper = if query.to.is_some() { "AND key < ?5" } else { "" };
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM keys WHERE collection = ?1 AND name = ?2 AND key >= ?3 {upper} LIMIT ?4)"
    );
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&sql)?;
    let (collection, index, from) = (query.collection, query.index, &query.from);
    let count: i64 = match &query.to {
        Some(to) => statement.query_row(params![collection, index, from, limit, to], |row| row.get(0))?,
        None => statement.query_row(params![collection, index, from, limit], |row| row.get(0))?,
    };
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Documents in order of their ids.
pub(super) fn scan(
    connection: &Connection,
    collection: &str,
    format: Option<u32>,
    after: Option<Uuid>,
    limit: usize,
) -> rusqlite::Result<Vec<ScannedRecord>> {
    let after = after.as_ref().map_or(&[][..], |id| id.as_bytes());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let of_format = if format.is_some() { "AND format = ?4" } else { "" };
    let sql = format!(
        "SELECT id, version, newest_format, body FROM documents
         WHERE collection = ?1 AND id > ?2 {of_format} ORDER BY id LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let scanned = |row: &Row<'_>| {
        Ok((Uuid::from_bytes(row.get(0)?), record(row, 0).map_err(|error| store_error(&error))))
    };
    match format {
        Some(format) => statement.query_map(params![collection, after, limit, format], scanned)?.collect(),
        None => statement.query_map(params![collection, after, limit], scanned)?.collect(),
    }
}

/// The key and id of a cursor. Bytes that are too short for a cursor count as a key.
fn split(cursor: &[u8]) -> (&[u8], &[u8]) {
    cursor.len().checked_sub(size_of::<Uuid>()).map_or((cursor, &[]), |key| cursor.split_at(key))
}

/// Outbox entries behind `after`.
pub(super) fn outbox(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> rusqlite::Result<Vec<OutboxEntry>> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    connection
        .prepare_cached("SELECT seq, event FROM outbox WHERE seq > ?1 ORDER BY seq LIMIT ?2")?
        .query_map([after, limit], |row| {
            Ok(OutboxEntry { seq: row.get::<_, i64>(0)?.cast_unsigned(), event: row.get(1)? })
        })?
        .collect()
}

/// Reads the schema, which every database has.
pub(super) fn check(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached("SELECT count(*) FROM sqlite_schema")?.query_row([], |_| Ok(()))
}

/// The record in the columns from `first` on: id, version, format, body.
fn record(row: &Row<'_>, first: usize) -> rusqlite::Result<Record> {
    Ok(Record {
        id: Uuid::from_bytes(row.get(first)?),
        version: row.get::<_, i64>(first + 1)?.cast_unsigned(),
        format: row.get(first + 2)?,
        body: row.get(first + 3)?,
    })
}
