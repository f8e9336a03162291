//! Disruptions of the cluster while users trade: faults, and a rolling update.

use std::net::SocketAddr;
use std::time::Duration;

use e2e::Cluster;
use servers::nats;

use crate::client::{RetryPolicy, now};
use crate::one_at_a_time;
use crate::proxy::TcpProxy;
use crate::schedule::{self, Targets};
use crate::workload::Workload;

/// Some orders expire, and most purchases are quicker.
const HOLD: &str = "8s";
/// The longest retry delays are a minute.
const CONSISTENCY_TIMEOUT: Duration = Duration::from_mins(3);
const USERS: usize = 5;

/// `FAULT_SEED` chooses another order of everything.
fn seed() -> u64 {
    std::env::var("FAULT_SEED").map_or(1, |seed| seed.parse().expect("FAULT_SEED is a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_paused_or_cut_off_no_promise_is_broken() {
    let _alone = one_at_a_time().await;
    let seed = seed();
    let nats = nats::start(servers::ServerLocation::default()).expect("NATS starts");
    let behind: SocketAddr = nats.url().trim_start_matches("nats://").parse().expect("an address");
    let proxy = TcpProxy::start(behind).await;
    let url = format!("nats://{}", proxy.address());
    let cluster = Cluster::start(HOLD, |config| config.nats_url = Some(url)).await;
    let workload = Workload::start(&cluster.endpoints(), USERS, seed, RetryPolicy::Retry).await;

    let began = now();
    let mut targets = Targets { cluster: &cluster, nats, proxy };
    tokio::task::block_in_place(|| schedule::run(&mut targets, seed));
    eprintln!("the faults took {:?}", began.elapsed());
    let confirmed = workload.stop().await;
    eprintln!("the last purchase ended after {:?}", began.elapsed());
    let snapshot = cluster.wait_until_consistent(CONSISTENCY_TIMEOUT).await;
    eprintln!("consistent after {:?}", began.elapsed());

    confirmed.assert_holds(&snapshot);
    confirmed.assert_sessions_revoked().await;
    let losses = cluster.processes().restart_exited().expect("they can be started");
    assert!(losses.is_empty(), "seed {seed}: ended by themselves: {losses:?}");
    let ends = ["complete", "by-buyer", "expired"].map(|how| snapshot.ended(how));
    eprintln!("seed {seed}: [complete, by-buyer, expired] = {ends:?}");
    assert!(ends.iter().all(|count| *count > 0), "seed {seed}: complete, by-buyer, expired: {ends:?}");
    drop(targets);
}

/// Stops the processes one after another, and starts each again before the next.
fn roll(cluster: &Cluster) {
    let mut processes = cluster.processes();
    let names: Vec<_> = processes.admin_urls().map(|(name, _)| name.to_owned()).collect();
    for name in names {
        let process = processes.process(&name).expect("a known process");
        let status = process.stop().expect("the process stops");
        assert!(status.success(), "{name} ended with {status}: {}", process.log_tail());
        process.restart().expect("the process starts again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_every_process_is_replaced_no_request_is_lost() {
    let _alone = one_at_a_time().await;
    let cluster = Cluster::start(HOLD, |_| {}).await;
    let workload = Workload::start(&cluster.endpoints(), USERS, 7, RetryPolicy::Fail).await;
    tokio::task::block_in_place(|| roll(&cluster));
    let confirmed = workload.stop().await;
    let snapshot = cluster.wait_until_consistent(Duration::from_mins(2)).await;
    confirmed.assert_holds(&snapshot);
    confirmed.assert_sessions_revoked().await;
    assert!(snapshot.ended("complete") > 0);
}
