//! The adapter for SQLite: the conformance suite, in a file and in memory, and its own tests.

#![cfg(test)]

mod crash;
mod opening;
mod support;
mod writing;

use store::conformance;
use store::sqlite::SqliteBackend;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_in_a_file_passes_the_conformance_suite() {
    let folder = tempfile::tempdir().unwrap();
    conformance::all(async |case| {
        case.run(SqliteBackend::open(folder.path().join(case.name)).unwrap()).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_in_memory_passes_the_conformance_suite() {
    conformance::all(async |case| case.run(SqliteBackend::in_memory().unwrap()).await).await;
}
