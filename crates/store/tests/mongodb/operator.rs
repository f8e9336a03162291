//! The layout and the query plans that an operator sees.

use mongodb::bson::{Bson, Document, doc};
use store::{Backend, Change, Put, UniqueKey, Write};
use uuid::Uuid;

use crate::support::{NOTES, id, on_a_database, put, write};

fn uuid(id: Uuid) -> Bson {
    Bson::Binary(mongodb::bson::Binary {
        subtype: mongodb::bson::spec::BinarySubtype::Uuid,
        bytes: id.as_bytes().to_vec(),
    })
}

#[tokio::test]
async fn a_document_is_laid_out_to_be_read() {
    on_a_database(async |database| {
        let replica = database.replica().await;
        let body = format!(
            r#"{{"id":"{}","title":"Opera","price":{{"amount":2500,"currency":"usd"}},"tags":[]}}"#,
            id(1)
        );
        let keys = [(7, "rank"), (1, "words"), (2, "words")].map(|(rank, index)| key(index, rank));
        let unique_keys =
            vec![UniqueKey::new("name", "ann"), UniqueKey::new("nick", "a"), UniqueKey::new("nick", "b")];
        let change = Change::Put(Put { keys: keys.to_vec(), unique_keys, ..Put::new(1, body) });
        let outbox = vec![format!(r#"{{"subject":"note.created","aggregate":"{}"}}"#, id(1))];
        replica.commit(Write { change, outbox, ..write(1, 1) }).await.unwrap();
        let mut note = database.notes().find_one(doc! { "_id": uuid(id(1)) }).await.unwrap().unwrap();
        let outbox = note.get_array_mut("outbox").unwrap();
        let entry: &mut Document = outbox[0].as_document_mut().unwrap();
        assert!(entry.remove("id").is_some_and(|id| matches!(id, Bson::Binary(_))));
        let expected = doc! {
            "_id": uuid(id(1)),
            "version": 1_i64,
            "format": { "written": 1_i64, "newest": 1_i64 },
            "state": {
                "id": uuid(id(1)),
                "title": "Opera",
                "price": { "amount": 2500, "currency": "usd" },
                "tags": [],
            },
            "keys": {
                "rank": "018000000000000007.00000000-0000-0000-0000-000000000001",
                "words": [
                    "018000000000000001.00000000-0000-0000-0000-000000000001",
                    "018000000000000002.00000000-0000-0000-0000-000000000001",
                ],
            },
            "claims": { "name": "ann", "nick": ["a", "b"] },
            "outbox": [{ "event": { "subject": "note.created", "aggregate": uuid(id(1)) } }],
        };
        assert_eq!(note, expected);
    })
    .await;
}

fn key(index: &'static str, rank: i64) -> store::Key {
    // As `Part::Int` is encoded.
    let mut bytes = vec![1];
    bytes.extend_from_slice(&(rank ^ i64::MIN).to_be_bytes());
    store::Key { index, bytes }
}

/// The stages of the server's plan for a query, outermost first.
async fn plan(database: &mongodb::Database, find: Document) -> Vec<String> {
    let explained = database.run_command(doc! { "explain": find }).await.unwrap();
    let planner = explained.get_document("queryPlanner").unwrap();
    let mut stage = planner.get_document("winningPlan").ok();
    let mut stages = Vec::new();
    while let Some(inner) = stage {
        stages.push(inner.get_str("stage").unwrap().to_owned());
        stage = inner.get_document("inputStage").ok();
    }
    stages
}

#[tokio::test]
async fn every_query_is_served_by_an_index_and_none_sorts() {
    on_a_database(async |database| {
        let replica = database.replica().await;
        for number in 1..=20 {
            let unique = vec![UniqueKey::new("name", number)];
            replica.commit(put(number, 1, vec![key("rank", number.into())], unique)).await.unwrap();
        }
        let zero = uuid(Uuid::nil());
        for find in [
            doc! { "find": NOTES, "filter": { "keys.rank": { "$gte": "", "$lt": "02" } }, "sort": { "keys.rank": 1 } },
            doc! { "find": NOTES, "filter": { "keys.rank": { "$gte": "01", "$lt": "02" } }, "sort": { "keys.rank": -1 } },
            doc! { "find": NOTES, "filter": { "claims.name": "7" } },
            doc! { "find": NOTES, "filter": { "outbox.id": { "$gte": &zero, "$lte": uuid(Uuid::max()) } } },
        ] {
            assert_eq!(plan(&database.raw, find.clone()).await, ["FETCH", "IXSCAN"], "{find}");
        }
        // The tests' server sorts what MongoDB reads in the order of the index.
        let by_format = doc! { "format.written": 1_i64, "_id": { "$gt": &zero } };
        let stages = plan(&database.raw, doc! { "find": NOTES, "filter": by_format, "sort": { "_id": 1 } }).await;
        assert_eq!(stages.last().map(String::as_str), Some("IXSCAN"));
    })
    .await;
}
