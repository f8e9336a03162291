//! Writing: one write within a transaction, and a batch of them as one transaction.

use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::entry::{self, Entry};
use super::error::store_error;
use crate::{Change, Put, StoreError, Write, WriteError};

/// What became of each write.
pub(super) type Outcome = Result<(), WriteError>;

/// Makes all writes, and takes the `sent` entries out of the outbox, in one durable transaction. A write that is
/// refused leaves no trace; the others are made. Also tells whether the transaction was committed.
pub(super) fn batch(connection: &mut Connection, writes: &[Write], sent: &[u64]) -> (Vec<Outcome>, bool) {
    let error = match transaction(connection, writes, sent) {
        Ok(outcomes) => return (outcomes, true),
        Err(error) => error,
    };
    tracing::error!(error = &error as &dyn std::error::Error, writes = writes.len(), "a transaction failed");
    if (writes.len() > 1 || !sent.is_empty()) && matches!(store_error(&error), StoreError::Unreadable(_)) {
        // A broken page under one document is not the trouble of those that happened to wait beside it.
        let alone = |write| batch(connection, std::slice::from_ref(write), &[]).0;
        return (writes.iter().flat_map(alone).collect(), false);
    }
    (writes.iter().map(|_| Err(store_error(&error).into())).collect(), false)
}

fn transaction(
    connection: &mut Connection,
    writes: &[Write],
    sent: &[u64],
) -> rusqlite::Result<Vec<Outcome>> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    let outcomes = writes.iter().map(|write| apply(&transaction, write)).collect::<Result<_, _>>()?;
    for seq in sent {
        transaction.prepare_cached("DELETE FROM outbox WHERE seq = ?1")?.execute([seq.cast_signed()])?;
    }
    transaction.commit()?;
    Ok(outcomes)
}

/// Makes one write, or refuses it before anything of it is written.
fn apply(connection: &Connection, write: &Write) -> rusqlite::Result<Outcome> {
    let row = Row::find(connection, write.collection, write.id)?;
    if row.as_ref().map_or(0, |row| row.version) != write.expected {
        return Ok(Err(WriteError::Conflict));
    }
    match (&write.change, row) {
        (Change::Put(put), row) => {
            let claims = entry::of_claims(&put.claims);
            if let Some(name) = taken(connection, write.collection, &claims, row.as_ref())? {
                let claim = put.claims.iter().find(|claim| claim.name == name);
                return Ok(Err(
                    claim.map_or(WriteError::Conflict, |claim| WriteError::DuplicateKey(claim.name))
                ));
            }
            put_document(connection, write, put, &claims, row.as_ref())?;
        }
        (Change::Remove, Some(row)) => remove(connection, write, &row)?,
        (Change::Remove, None) => {}
    }
    for event in &write.outbox {
        connection.prepare_cached("INSERT INTO outbox (event) VALUES (?1)")?.execute([event])?;
    }
    Ok(Ok(()))
}

/// What is stored of a document, but for its body.
struct Row {
    document: i64,
    version: u64,
    keys: Vec<u8>,
    claims: Vec<u8>,
}

impl Row {
    fn find(connection: &Connection, collection: &str, id: Uuid) -> rusqlite::Result<Option<Self>> {
        connection
            .prepare_cached(
                "SELECT document, version, keys, claims FROM documents WHERE collection = ?1 AND id = ?2",
            )?
            .query_row(params![collection, id.as_bytes()], |row| {
                Ok(Self {
                    document: row.get(0)?,
                    version: row.get::<_, i64>(1)?.cast_unsigned(),
                    keys: row.get(2)?,
                    claims: row.get(3)?,
                })
            })
            .optional()
    }

    fn keys(row: Option<&Self>) -> rusqlite::Result<Vec<Entry<'_>>> {
        row.map_or(Ok(Vec::new()), |row| entries(&row.keys))
    }

    fn claims(row: Option<&Self>) -> rusqlite::Result<Vec<Entry<'_>>> {
        row.map_or(Ok(Vec::new()), |row| entries(&row.claims))
    }
}

fn entries(bytes: &[u8]) -> rusqlite::Result<Vec<Entry<'_>>> {
    let damaged = || Error::FromSqlConversionFailure(0, Type::Blob, "keys or claims are damaged".into());
    entry::decode(bytes).ok_or_else(damaged)
}

/// The name of the first claim that another document holds.
fn taken<'a>(
    connection: &Connection,
    collection: &str,
    claims: &[Entry<'a>],
    row: Option<&Row>,
) -> rusqlite::Result<Option<&'a str>> {
    for (name, value) in entry::without(claims, &Row::claims(row)?) {
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
    claims: &[Entry<'_>],
    row: Option<&Row>,
) -> rusqlite::Result<()> {
    let keys = entry::of_keys(&put.keys);
    let (packed_keys, packed_claims) = (entry::encode(&keys), entry::encode(claims));
    let version = put.version.cast_signed();
    let document = if let Some(row) = row {
        connection
            .prepare_cached(
                "UPDATE documents SET version = ?2, keys = ?3, claims = ?4, body = ?5 WHERE document = ?1",
            )?
            .execute(params![row.document, version, packed_keys, packed_claims, put.body])?;
        row.document
    } else {
        connection
            .prepare_cached(
                "INSERT INTO documents (collection, id, version, keys, claims, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .insert(params![
                write.collection,
                write.id.as_bytes(),
                version,
                packed_keys,
                packed_claims,
                put.body
            ])?
    };
    let (old_keys, old_claims) = (Row::keys(row)?, Row::claims(row)?);
    drop_entries(connection, write, &entry::without(&old_keys, &keys), &entry::without(&old_claims, claims))?;
    for (name, key) in entry::without(&keys, &old_keys) {
        connection
            .prepare_cached(
                "INSERT INTO keys (collection, name, key, id, document) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![write.collection, name, key, write.id.as_bytes(), document])?;
    }
    for (name, value) in entry::without(claims, &old_claims) {
        connection
            .prepare_cached("INSERT INTO claims (collection, name, value, document) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![write.collection, name, value, document])?;
    }
    Ok(())
}

fn remove(connection: &Connection, write: &Write, row: &Row) -> rusqlite::Result<()> {
    drop_entries(connection, write, &entries(&row.keys)?, &entries(&row.claims)?)?;
    connection.prepare_cached("DELETE FROM documents WHERE document = ?1")?.execute([row.document])?;
    Ok(())
}

fn drop_entries(
    connection: &Connection,
    write: &Write,
    keys: &[Entry<'_>],
    claims: &[Entry<'_>],
) -> rusqlite::Result<()> {
    for (name, key) in keys {
        connection
            .prepare_cached("DELETE FROM keys WHERE collection = ?1 AND name = ?2 AND key = ?3 AND id = ?4")?
            .execute(params![write.collection, name, key, write.id.as_bytes()])?;
    }
    for (name, value) in claims {
        connection
            .prepare_cached("DELETE FROM claims WHERE collection = ?1 AND name = ?2 AND value = ?3")?
            .execute(params![write.collection, name, value])?;
    }
    Ok(())
}
