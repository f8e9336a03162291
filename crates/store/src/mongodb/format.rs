//! The format of a database, as it says itself.

use mongodb::Database;
use mongodb::bson::{Document, doc};
use mongodb::error::Error;

/// The format that this version writes.
pub(super) const FORMAT: i64 = 1;

/// No type's collection begins with an underscore.
const COLLECTION: &str = "_meta";

/// Whose database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Us,
    /// A later version of us, which writes this format.
    Newer(i64),
    SomebodyElse,
}

/// Finds out whose database it is, and makes an empty one ours. Several processes may do so at once: whoever makes it
/// ours writes the format before anything else.
pub(super) async fn claim(database: &Database) -> Result<Owner, Error> {
    if let Some(format) = format(database).await? {
        return Ok(owner(format));
    }
    let others = database.list_collection_names().await?;
    if others.iter().any(|name| !name.starts_with("system.")) {
        return Ok(format(database).await?.map_or(Owner::SomebodyElse, owner));
    }
    let ours = doc! { "$setOnInsert": { "number": FORMAT } };
    let meta = database.collection::<Document>(COLLECTION);
    let made = meta.update_one(doc! { "_id": "format" }, ours).upsert(true).await;
    // Of two that make it at once, one may be told that it is there already.
    match (made, format(database).await?) {
        (_, Some(format)) => Ok(owner(format)),
        (made, None) => made.map(|_| Owner::Us),
    }
}

fn owner(format: i64) -> Owner {
    if format > FORMAT { Owner::Newer(format) } else { Owner::Us }
}

async fn format(database: &Database) -> Result<Option<i64>, Error> {
    let meta = database.collection::<Document>(COLLECTION).find_one(doc! { "_id": "format" }).await?;
    let number = |meta: Document| {
        meta.get("number").and_then(|number| number.as_i64().or(number.as_i32().map(i64::from)))
    };
    // Without a number that we know how to read it is not ours, or of a time to come.
    Ok(meta.map(|meta| number(meta).unwrap_or(i64::MAX)))
}
