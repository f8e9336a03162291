use std::net::SocketAddr;
use std::time::Duration;

use e2e::Cluster;
use servers::nats;

use crate::client::{Manner, now};
use crate::one_at_a_time;
use crate::schedule::{self, Victims};
use crate::shopping::Shopping;
use crate::wire::Wire;

/// How long a ticket is held: some orders run out, and most purchases are quicker.
const HOLD: &str = "8s";
/// The longest pauses between two attempts are a minute long.
const REST: Duration = Duration::from_mins(3);
const PEOPLE: usize = 5;

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
    let wire = Wire::to(behind).await;
    let url = format!("nats://{}", wire.address());
    let cluster = Cluster::start(HOLD, |plan| plan.nats_url = Some(url)).await;
    let shopping = Shopping::begin(&cluster.place(), PEOPLE, seed, Manner::Patient).await;

    let began = now();
    let mut victims = Victims { cluster: &cluster, nats, wire };
    tokio::task::block_in_place(|| schedule::run(&mut victims, seed));
    eprintln!("the faults took {:?}", began.elapsed());
    let told = shopping.end().await;
    eprintln!("the last purchase ended after {:?}", began.elapsed());
    let books = cluster.comes_to_rest(REST).await;
    eprintln!("at rest after {:?}", began.elapsed());

    told.is_kept_by(&books);
    told.sessions_have_ended().await;
    let losses = cluster.processes().restart_exited().expect("they can be started");
    assert!(losses.is_empty(), "seed {seed}: ended by themselves: {losses:?}");
    let ends = ["complete", "by-buyer", "expired"].map(|how| books.ended(how));
    eprintln!("seed {seed}: [complete, by-buyer, expired] = {ends:?}");
    assert!(ends.iter().all(|count| *count > 0), "seed {seed}: complete, by-buyer, expired: {ends:?}");
    drop(victims);
}
