//! The adapter for MongoDB, on a real server: the conformance suite, and its own tests.

#![cfg(test)]

mod opening;
mod operator;
mod outbox;
mod replicas;
mod support;

use store::conformance;

use crate::support::on_a_database;

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_passes_the_conformance_suite() {
    conformance::all(async |case| {
        on_a_database(async |database| case.run(database.open().await.unwrap()).await).await;
    })
    .await;
}
