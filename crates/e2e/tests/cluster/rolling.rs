//! A new version is rolled out: every process is asked to stop and started again, and nobody notices.

use std::time::Duration;

use e2e::Cluster;

use crate::client::Manner;
use crate::one_at_a_time;
use crate::shopping::Shopping;

const PEOPLE: usize = 5;

/// Asks every process to stop, one after another, and starts each again before the next.
fn roll(cluster: &Cluster) {
    let mut processes = cluster.processes();
    let names: Vec<_> = processes.admin_urls().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let process = processes.process(&name).expect("it is known");
        let status = process.stop().expect("it stops when asked");
        assert!(status.success(), "{name} ended with {status}: {}", process.log_tail());
        process.restart().expect("it starts again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_every_process_is_replaced_no_request_is_lost() {
    let _alone = one_at_a_time().await;
    let cluster = Cluster::start("8s", |_| {}).await;
    let shopping = Shopping::begin(&cluster.place(), PEOPLE, 7, Manner::Strict).await;
    tokio::task::block_in_place(|| roll(&cluster));
    let told = shopping.end().await;
    let books = cluster.comes_to_rest(Duration::from_mins(2)).await;
    told.is_kept_by(&books);
    told.sessions_have_ended().await;
    assert!(books.ended("complete") > 0);
}
