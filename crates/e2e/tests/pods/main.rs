//! The images in podman, under the limits of the manifests. `cargo xtask pods` builds the images and runs this test.

#[path = "../cluster/client.rs"]
mod client;
#[path = "../cluster/workload.rs"]
mod workload;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::Endpoints;
use e2e::invariants::wait_until_consistent;
use pods::Marketplace;
use servers::cluster::SERVICES;

use crate::client::RetryPolicy;
use crate::workload::Workload;

const USERS: usize = 4;

/// The smoke purchase of a deployment.
fn smoke(marketplace: &Marketplace) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/smoke/purchase.sh");
    let stripe = marketplace.stripe_url().expect("the simulator");
    let output = Command::new(script).args([marketplace.url(), &stripe]).output().expect("the script runs");
    let words = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&words));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_podman_a_rollout_of_everything_loses_no_request_and_a_purchase_goes_through() {
    // One person of the test does the work of many.
    let start = || Marketplace::start(&[("ORDER_HOLD", "8s"), ("MAX_WRITES", "0")]);
    let mut marketplace = tokio::task::block_in_place(start).unwrap_or_else(|fault| panic!("{fault}"));
    let endpoints = Endpoints::new(marketplace.url(), marketplace.stripe_url().expect("the simulator"));
    let workload = Workload::start(&endpoints, USERS, 11, RetryPolicy::Fail).await;
    for service in marketplace.services() {
        let rolled = tokio::task::block_in_place(|| marketplace.roll(&service));
        rolled.unwrap_or_else(|fault| panic!("{fault}"));
    }
    let confirmed = workload.stop().await;

    let stateful = SERVICES.iter().filter(|service| service.is_stateful);
    let databases: Vec<_> = stateful.map(|one| (one.name, marketplace.database_url(one.name))).collect();
    let snapshot = wait_until_consistent(&databases, &endpoints, Duration::from_mins(2)).await;
    confirmed.assert_holds(&snapshot);
    confirmed.assert_sessions_revoked().await;
    assert!(snapshot.ended("complete") > 0);

    tokio::task::block_in_place(|| smoke(&marketplace));
    let log = marketplace.broker_log();
    assert!(log.contains("Server is ready") && !log.contains("Violation"), "{log}");
    tokio::task::block_in_place(|| marketplace.stop()).unwrap_or_else(|fault| panic!("{fault}"));
}
