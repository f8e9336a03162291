//! An order as the store lays it out: `_id`, `version`, `state`, `keys`, `claims`, `outbox`.

use common::event::OrderSnapshot;
use common::{Event, EventId, Ids};
use mongodb::IndexModel;
use mongodb::bson::{Bson, Document, RawDocumentBuf, Uuid, doc, serialize_to_bson};
use mongodb::options::IndexOptions;

use crate::program::Failure;

/// An order, ready to be written.
pub(super) struct Order {
    /// As it is inserted.
    pub(super) inserted: RawDocumentBuf,
    id: Uuid,
    state: Bson,
    event: Bson,
}

impl Order {
    pub(super) fn new(order: &OrderSnapshot, ids: &Ids) -> Result<Self, Failure> {
        let id = Uuid::from_bytes(uuid::Uuid::from(order.id).into_bytes());
        let (buyer, created) = (uuid::Uuid::from(order.user_id), order.created_at.as_millis());
        let state = serialize_to_bson(order)?;
        let event = doc! {
            "id": serialize_to_bson(&ids.next::<EventId>())?,
            "schema": 1,
            "aggregate": id,
            "version": 1,
            "time": order.created_at.to_string(),
            "data": serialize_to_bson(&Event::OrderCreated(order.clone()))?,
        };
        let event = Bson::Document(doc! { "id": Uuid::new(), "event": event });
        let document = doc! {
            "_id": id,
            "version": 1_i64,
            "state": state.clone(),
            "keys": { "by-buyer": format!("03{}01{created:016x}.{}", buyer.simple(), order.id) },
            "claims": { "ticket": order.ticket.id.to_string() },
            "outbox": [event.clone()],
        };
        Ok(Self { inserted: RawDocumentBuf::try_from(&document)?, id, state, event })
    }

    /// A filter for it.
    pub(super) fn itself(&self) -> Document {
        doc! { "_id": self.id }
    }

    /// A filter for it at this version.
    pub(super) fn at_version(&self, version: i64) -> Document {
        doc! { "_id": self.id, "version": version }
    }

    /// Its next state, with an event.
    pub(super) fn change(&self) -> Document {
        doc! {
            "$set": { "version": 2_i64, "state": self.state.clone() },
            "$push": { "outbox": { "$each": [self.event.clone()] } },
        }
    }
}

/// An index as the store makes it: of the documents that have the field.
pub(super) fn index(path: &str, is_unique: bool) -> IndexModel {
    let least = if path == "outbox.id" { Bson::from(Uuid::from_bytes([0; 16])) } else { Bson::from("") };
    let options = IndexOptions::builder()
        .name(path.to_owned())
        .partial_filter_expression(doc! { path: { "$gte": least } })
        .unique(is_unique.then_some(true))
        .build();
    IndexModel::builder().keys(doc! { path: 1 }).options(options).build()
}
