//! The adapter for SQLite: the conformance suite, in a file and in memory, and its own tests.

#![cfg(test)]

mod crash;
mod opening;
mod support;
mod writing;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::FutureExt;
use store::sqlite::SqliteBackend;
use store::{Backend, conformance};

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_in_a_file_passes_the_conformance_suite() {
    let folder = tempfile::tempdir().unwrap();
    let files = AtomicU32::new(0);
    conformance::all(|| {
        let file = format!("{}.db", files.fetch_add(1, Ordering::Relaxed));
        let backend: Arc<dyn Backend> = SqliteBackend::open(folder.path().join(file)).unwrap();
        async { backend }.boxed()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_in_memory_passes_the_conformance_suite() {
    conformance::all(|| {
        let backend: Arc<dyn Backend> = SqliteBackend::in_memory().unwrap();
        async { backend }.boxed()
    })
    .await;
}
