//! The images as podman runs them under what the manifests say. They must have been built: `cargo xtask pods` builds
//! them and runs this.

#[path = "../cluster/client.rs"]
mod client;
#[path = "../cluster/shopping.rs"]
mod shopping;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use e2e::Place;
use e2e::books::in_order;
use pods::Marketplace;
use servers::cluster::SERVICES;

use crate::client::Manner;
use crate::shopping::Shopping;

const PEOPLE: usize = 4;

/// The purchase that is made after every deployment.
fn smoke(marketplace: &Marketplace) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/smoke/purchase.sh");
    let stripe = marketplace.stripe_url().expect("the simulator");
    let output = Command::new(script).args([marketplace.url(), &stripe]).output().expect("it runs");
    let words = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&words));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_podman_a_rollout_of_everything_loses_no_request_and_a_purchase_goes_through() {
    let start = || Marketplace::start(&[("ORDER_HOLD", "8s")]);
    let mut marketplace = tokio::task::block_in_place(start).unwrap_or_else(|fault| panic!("{fault}"));
    let place = Place::new(marketplace.url(), marketplace.stripe_url().expect("the simulator"));
    let shopping = Shopping::begin(&place, PEOPLE, 11, Manner::Strict).await;
    for service in marketplace.services() {
        let rolled = tokio::task::block_in_place(|| marketplace.roll(&service));
        rolled.unwrap_or_else(|fault| panic!("{fault}"));
    }
    let told = shopping.end().await;

    let stateful = SERVICES.iter().filter(|service| service.is_stateful);
    let databases: Vec<_> = stateful.map(|one| (one.name, marketplace.database_url(one.name))).collect();
    let books = in_order(&databases, &place, Duration::from_mins(2)).await;
    told.is_kept_by(&books);
    told.sessions_have_ended().await;
    assert!(books.ended("complete") > 0);

    tokio::task::block_in_place(|| smoke(&marketplace));
    tokio::task::block_in_place(|| marketplace.stop()).unwrap_or_else(|fault| panic!("{fault}"));
}
