//! Documents as an operator's edit, or a newer release, leaves them.

use std::marker::PhantomData;

use common::Decision;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Document, Index, Keys, Store};
use uuid::Uuid;

/// A document as JSON, with the keys of its readable state.
#[derive(Serialize, Deserialize)]
#[serde(transparent, bound = "")]
struct Edited<D> {
    state: Value,
    #[serde(skip)]
    id: Uuid,
    #[serde(skip)]
    keys: Keys,
    #[serde(skip)]
    documents: PhantomData<fn() -> D>,
}

impl<D> Clone for Edited<D> {
    fn clone(&self) -> Self {
        let (state, keys) = (self.state.clone(), self.keys.clone());
        Self { state, keys, ..*self }
    }
}

impl<D: Document> Document for Edited<D> {
    const COLLECTION: &'static str = D::COLLECTION;
    const FORMAT: u32 = D::FORMAT;
    const INDEXES: &'static [Index] = D::INDEXES;
    const UNIQUE_KEYS: &'static [&'static str] = D::UNIQUE_KEYS;

    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> u64 {
        self.state["version"].as_u64().expect("a version")
    }

    fn keys(&self) -> Keys {
        self.keys.clone()
    }
}

/// Edits the JSON of a stored document. Its keys stay those of the readable state: the one before or the one after.
///
/// # Panics
/// The document does not exist, or neither state is readable.
pub async fn edit<D: Document>(store: &Store, id: impl Into<Uuid>, change: impl FnOnce(&mut Value)) {
    let id = id.into();
    let record = store.backend().get(D::COLLECTION, id).await.expect("a database").expect("a document");
    let before: Value = serde_json::from_str(&record.body).expect("JSON");
    let mut state = before.clone();
    change(&mut state);
    state["version"] = (record.version + 1).into();
    let mut states = [before, state.clone()].into_iter();
    let readable = states.find_map(|state| serde_json::from_value::<D>(state).ok());
    let keys = readable.expect("a readable state").keys();
    let edited = Edited::<D> { state, id, keys, documents: PhantomData };
    store.collection().commit(Decision::without_event(edited)).await.expect("committed");
}
