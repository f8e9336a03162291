//! A marketplace on files that can be stopped, restored and started again, on one simulated clock.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use common::SharedClock;
use common::clock::SimClock;
use e2e::{Person, World, WorldConfig};
use runtime::RecoverySummary;
use rusqlite::Connection;
use store::Backend;
use store::sqlite::SqliteBackend;
use tempfile::TempDir;
use ticketing::database_file;

/// A marketplace whose databases are files.
pub(crate) struct Restorable {
    folder: TempDir,
    clock: SimClock,
    people: Vec<Person>,
    /// Each start has ids of its own.
    seed: u64,
}

impl Restorable {
    /// Starts on empty databases.
    pub(crate) async fn start(seed: u64) -> (Self, World) {
        let config = WorldConfig::default();
        let folder = tempfile::tempdir().expect("a folder");
        let mut own = Self { folder, clock: config.clock, people: Vec::new(), seed: seed * 1000 };
        let world = own.start_again().await;
        (own, world)
    }

    /// Starts on the present databases.
    pub(crate) async fn start_again(&mut self) -> World {
        self.seed += 1;
        let folder = self.folder.path().to_owned();
        let open = move |service: &str| -> Arc<dyn Backend> {
            SqliteBackend::open(database_file(&folder, service)).expect("a database")
        };
        World::with(WorldConfig {
            open_store: Box::new(open),
            clock: self.clock.clone(),
            seed: self.seed,
            people: self.people.clone(),
            ..WorldConfig::default()
        })
        .await
    }

    /// Copies the database of a service, which may be running.
    pub(crate) fn back_up(&self, service: &str) {
        let database = Connection::open(database_file(self.folder.path(), service)).expect("a database");
        let backup = self.backup(service).display().to_string();
        database.execute("VACUUM INTO ?1", [backup]).expect("a backup");
    }

    /// Stops the marketplace.
    pub(crate) async fn stop(&mut self, world: World) {
        self.people = world.people();
        world.stop().await;
    }

    /// Replaces the database of a service by its backup.
    pub(crate) fn restore(&self, service: &str) {
        let file = database_file(self.folder.path(), service);
        for log in ["-wal", "-shm"] {
            let mut name = file.clone().into_os_string();
            name.push(log);
            if fs::exists(&name).expect("a folder") {
                fs::remove_file(&name).expect("a log");
            }
        }
        fs::copy(self.backup(service), file).expect("a backup");
        self.clock.advance(Duration::from_mins(1));
    }

    /// Recovers the database of a service.
    pub(crate) async fn recover(&self, service: &str) -> RecoverySummary {
        let clock: SharedClock = Arc::new(self.clock.clone());
        ticketing::recover(service, self.folder.path(), &clock).await.expect("recovered")
    }

    fn backup(&self, service: &str) -> PathBuf {
        self.folder.path().join(format!("{service}.backup"))
    }
}
