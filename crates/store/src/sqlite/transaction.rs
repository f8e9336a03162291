//! Transactions: a batch of writes, each made or refused on its own.

use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::entry::{self, KeyEntry};
use super::error::store_error;
use crate::{Change, CommitError, Format, Put, StoreError, Write};

/// The outcome of one write.
pub(super) type WriteResult = Result<(), CommitError>;

/// Makes all writes, and prunes the `published` entries from the outbox, in one durable transaction. A refused write
/// leaves no trace; the others are made. Returns also the error of the transaction.
pub(super) fn run(
    connection: &mut Connection,
    writes: &[Write],
    published: &[u64],
) -> (Vec<WriteResult>, Result<(), StoreError>) {
    let error = match try_run(connection, writes, published) {
        Ok(results) => return (results, Ok(())),
        Err(error) => error,
    };
    tracing::error!(error = &error as &dyn std::error::Error, writes = writes.len(), "a transaction failed");
    let failed = store_error(&error);
    let results = if writes.len() + published.len() > 1 && matches!(failed, StoreError::Unreadable(_)) {
        // A broken page under one document must not fail the writes that share its transaction.
        writes.iter().flat_map(|write| run(connection, std::slice::from_ref(write), &[]).0).collect()
    } else {
        writes.iter().map(|_| Err(store_error(&error).into())).collect()
    };
    (results, Err(failed))
}

fn try_run(
    connection: &mut Connection,
    writes: &[Write],
    published: &[u64],
) -> rusqlite::Result<Vec<WriteResult>> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let results = writes.iter().map(|write| apply(&transaction, write)).collect::<Result<_, _>>()?;
    for seq in published {
        transaction.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?.execute([seq.cast_signed()])?;
    }
    transaction.commit()?;
    Ok(results)
}

/// Makes one write, or refuses the write before any part of it is made.
fn apply(connection: &Connection, write: &Write) -> rusqlite::Result<WriteResult> {
    let row = DocumentRow::find(connection, write.collection, write.id)?;
    if row.as_ref().map_or(0, |row| row.version) != write.expected {
        return Ok(Err(CommitError::Conflict));
    }
    match (&write.change, row) {
        (Change::Put(put), Some(row)) if row.format.newest > put.format.newest => {
            return Ok(Err(CommitError::Conflict));
        }
        (Change::Put(put), row) => {
            let unique_keys = entry::of_unique_keys(&put.unique_keys);
            if let Some(name) = taken(connection, write.collection, &unique_keys, row.as_ref())? {
                let key = put.unique_keys.iter().find(|key| key.name == name);
                return Ok(Err(key.map_or(CommitError::Conflict, |key| CommitError::DuplicateKey(key.name))));
            }
            put_document(connection, write, put, &unique_keys, row.as_ref())?;
        }
        (Change::Remove, Some(row)) => remove(connection, write, &row)?,
        (Change::Remove, None) => {}
    }
    for event in &write.outbox {
        connection.prepare_cached("INSERT INTO outbox (event) VALUES (?1)")?.execute([event])?;
    }
    Ok(Ok(()))
}

/// A stored document without its body.
struct DocumentRow {
    document: i64,
    version: u64,
    format: Format,
    keys: Vec<u8>,
    unique_keys: Vec<u8>,
}

impl DocumentRow {
    fn find(connection: &Connection, collection: &str, id: Uuid) -> rusqlite::Result<Option<Self>> {
        connection
            .prepare_cached(
                "SELECT document, version, keys, claims, format, newest_format FROM documents
                 WHERE collection = ?1 AND id = ?2",
            )?
            .query_row(params![collection, id.as_bytes()], |row| {
                Ok(Self {
                    document: row.get(0)?,
                    version: row.get::<_, i64>(1)?.cast_unsigned(),
                    keys: row.get(2)?,
                    unique_keys: row.get(3)?,
                    format: Format { written: row.get(4)?, newest: row.get(5)? },
                })
            })
            .optional()
    }

    fn keys(row: Option<&Self>) -> rusqlite::Result<Vec<KeyEntry<'_>>> {
        row.map_or(Ok(Vec::new()), |row| entries(&row.keys))
    }

    fn unique_keys(row: Option<&Self>) -> rusqlite::Result<Vec<KeyEntry<'_>>> {
        row.map_or(Ok(Vec::new()), |row| entries(&row.unique_keys))
    }
}

fn entries(bytes: &[u8]) -> rusqlite::Result<Vec<KeyEntry<'_>>> {
    let damaged = || Error::FromSqlConversionFailure(0, Type::Blob, "the stored keys are damaged".into());
    entry::decode(bytes).ok_or_else(damaged)
}

/// The name of the first unique key that another document holds.
fn taken<'a>(
    connection: &Connection,
    collection: &str,
    unique_keys: &[KeyEntry<'a>],
    row: Option<&DocumentRow>,
) -> rusqlite::Result<Option<&'a str>> {
    for (name, value) in entry::without(unique_keys, &DocumentRow::unique_keys(row)?) {
        let held = connection
            .prepare_cached("SELECT 1 FROM claims WHERE collection = ?1 AND name = ?2 AND value = ?3")?
            .exists(params![collection, name, value])?;
        if held {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn put_document(
    connection: &Connection,
    write: &Write,
    put: &Put,
    unique_keys: &[KeyEntry<'_>],
    row: Option<&DocumentRow>,
) -> rusqlite::Result<()> {
    let keys = entry::of_keys(&put.keys);
    let (packed_keys, packed_unique_keys) = (entry::encode(&keys), entry::encode(unique_keys));
    let version = put.version.cast_signed();
    let document = if let Some(row) = row {
        connection
            .prepare_cached(
                "UPDATE documents SET version = ?2, keys = ?3, claims = ?4, body = ?5 WHERE document = ?1",
            )?
            .execute(params![row.document, version, packed_keys, packed_unique_keys, put.body])?;
        if row.format != put.format {
            // Seldom, so the other updates leave the index of formats alone.
            connection
                .prepare_cached("UPDATE documents SET format = ?2, newest_format = ?3 WHERE document = ?1")?
                .execute(params![row.document, put.format.written, put.format.newest])?;
        }
        row.document
    } else {
        connection
            .prepare_cached(
                "INSERT INTO documents (collection, id, version, keys, claims, body, format, newest_format)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .insert(params![
                write.collection,
                write.id.as_bytes(),
                version,
                packed_keys,
                packed_unique_keys,
                put.body,
                put.format.written,
                put.format.newest
            ])?
    };
    let (old_keys, old_unique_keys) = (DocumentRow::keys(row)?, DocumentRow::unique_keys(row)?);
    let dropped = (entry::without(&old_keys, &keys), entry::without(&old_unique_keys, unique_keys));
    drop_entries(connection, write, &dropped.0, &dropped.1)?;
    for (name, key) in entry::without(&keys, &old_keys) {
        connection
            .prepare_cached(
                "INSERT INTO keys (collection, name, key, id, document) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![write.collection, name, key, write.id.as_bytes(), document])?;
    }
    for (name, value) in entry::without(unique_keys, &old_unique_keys) {
        connection
            .prepare_cached("INSERT INTO claims (collection, name, value, document) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![write.collection, name, value, document])?;
    }
    Ok(())
}

fn remove(connection: &Connection, write: &Write, row: &DocumentRow) -> rusqlite::Result<()> {
    drop_entries(connection, write, &entries(&row.keys)?, &entries(&row.unique_keys)?)?;
    connection.prepare_cached("DELETE FROM documents WHERE document = ?1")?.execute([row.document])?;
    Ok(())
}

fn drop_entries(
    connection: &Connection,
    write: &Write,
    keys: &[KeyEntry<'_>],
    unique_keys: &[KeyEntry<'_>],
) -> rusqlite::Result<()> {
    for (name, key) in keys {
        connection
            .prepare_cached("DELETE FROM keys WHERE collection = ?1 AND name = ?2 AND key = ?3 AND id = ?4")?
            .execute(params![write.collection, name, key, write.id.as_bytes()])?;
    }
    for (name, value) in unique_keys {
        connection
            .prepare_cached("DELETE FROM claims WHERE collection = ?1 AND name = ?2 AND value = ?3")?
            .execute(params![write.collection, name, value])?;
    }
    Ok(())
}
