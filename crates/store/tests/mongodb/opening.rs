//! Opening a database: creation, refusals and their messages.

use std::sync::Arc;

use common::clock::SimClock;
use common::{Ids, SystemEntropy, Time};
use futures::TryStreamExt;
use mongodb::bson::doc;
use store::Backend;
use store::mongodb::{MongoBackend, MongoOpenError};

use crate::support::{clock, ids, on_a_database, write};

#[tokio::test]
async fn indexes_are_made_once_however_many_replicas_start() {
    on_a_database(async |database| {
        let replicas = futures::future::join_all((0..4).map(|_| database.replica())).await;
        for ready in futures::future::join_all(replicas.iter().map(|replica| replica.check())).await {
            ready.unwrap();
        }
        database.replica().await.commit(write(1, 1)).await.unwrap();
        let indexes: Vec<_> = database.notes().list_indexes().await.unwrap().try_collect().await.unwrap();
        let mut names: Vec<_> =
            indexes.into_iter().filter_map(|index| index.options.and_then(|options| options.name)).collect();
        names.sort();
        let expected = "_id_ claims.name claims.nick format keys.rank keys.words outbox.id removed";
        assert_eq!(names.join(" "), expected);
    })
    .await;
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    on_a_database(async |database| {
        database.replica().await.close().await;
        let meta = database.raw.collection::<mongodb::bson::Document>("_meta");
        meta.update_one(doc! { "_id": "format" }, doc! { "$set": { "number": 99 } }).await.unwrap();
        let before = database.raw.list_collection_names().await.unwrap();
        let refused = database.open().await.unwrap_err();
        assert!(matches!(refused, MongoOpenError::Newer { found: 99, known: 1, .. }), "{refused:?}");
        assert!(refused.to_string().contains("was written by a newer version (format 99"), "{refused}");
        assert_eq!(database.raw.list_collection_names().await.unwrap(), before);
    })
    .await;
}

#[tokio::test]
async fn a_database_of_another_program_is_refused_and_left_alone() {
    on_a_database(async |database| {
        database.raw.create_collection("bookmarks").await.unwrap();
        let refused = database.open().await.unwrap_err();
        assert!(matches!(refused, MongoOpenError::Foreign { .. }), "{refused:?}");
        assert!(refused.to_string().contains("belongs to another program"), "{refused}");
        assert_eq!(database.raw.list_collection_names().await.unwrap(), ["bookmarks"]);
    })
    .await;
}

#[tokio::test]
async fn a_password_is_never_shown() {
    for url in [
        "mongodb://ann:hunter2@host:port",
        "mongodb://ann:hun?hunter2@host",
        "mongodb://ann:hunter2/@host",
        "mongodb+srv://ann:hunter2@host",
        "mongodb://ann:hunter2@host/?tls=false&tlsInsecure=true&hunter2",
        "postgres://ann:hunter2@host",
    ] {
        let refused = MongoBackend::open(url, "notes", clock(), ids()).await.unwrap_err();
        assert!(matches!(refused, MongoOpenError::Address { .. }), "{refused:?}");
        for shown in [refused.to_string(), format!("{refused:?}")] {
            assert!(!shown.contains("hunter2"), "{url}: {shown}");
        }
    }
    on_a_database(async |database| {
        let shown = format!("{:?}", database.replica().await);
        assert_eq!(shown, format!("MongoBackend {{ database: {:?}, .. }}", database.name));
    })
    .await;
}

#[tokio::test]
async fn an_unavailable_server_is_retried_with_backoff() {
    // Nothing listens on this port once the listener is dropped.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("mongodb://127.0.0.1:{port}/?directConnection=true&serverSelectionTimeoutMS=20");
    let clock = SimClock::starting_at(Time::from_millis(0));
    let ids = Ids::new(Arc::new(clock.clone()), Arc::new(SystemEntropy));
    let opening = MongoBackend::open(&url, "notes", Arc::new(clock.clone()), ids);
    let mut delays = Vec::new();
    let eight_retries = async {
        while delays.len() < 8 {
            if let Some(wake) = clock.next_wake() {
                delays.push((wake - common::Clock::now(&clock)).as_millis());
                clock.advance(wake - common::Clock::now(&clock));
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        opened = opening => panic!("there is nothing to open, but {opened:?}"),
        () = eight_retries => {}
    }
    assert_eq!(delays, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
}
