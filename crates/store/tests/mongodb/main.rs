//! The adapter for MongoDB, on a real server: the conformance suite, and its own tests.

#![cfg(test)]

mod opening;
mod operator;
mod outbox;
mod replicas;
mod support;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use store::{Backend, conformance};

use crate::support::on_a_database;

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_passes_the_conformance_suite() {
    let mut broken = Vec::new();
    for case in conformance::cases() {
        let kept = on_a_database(async |database| {
            let backend: Arc<dyn Backend> = database.open().await.unwrap();
            case.run(Arc::clone(&backend)).await;
            backend.close().await;
        });
        if AssertUnwindSafe(kept).catch_unwind().await.is_err() {
            broken.push(case.name);
        }
    }
    assert!(broken.is_empty(), "MongoDB breaks these guarantees: {broken:#?}");
}
