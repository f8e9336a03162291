//! `cargo xtask bench`: measures the real program, side by side with what bounds it. Talks to nothing but 127.0.0.1.

mod bare;
mod cluster;
mod commits;
mod crowd;
mod expiry;
mod full;
mod load;
mod memory;
mod orders;
mod program;
mod relay;
mod report;
mod start;
mod stats;
mod tickets;
mod watch;
mod wire;

use std::process::ExitCode;

use tokio::task::JoinSet;

use crate::program::Failure;

/// What can be measured, in the order in which it is.
const NAMES: [&str; 9] = [
    "start",
    "tickets",
    "orders",
    "memory",
    "expiry",
    "cluster-memory",
    "cluster-purchase",
    "cluster-orders",
    "relay",
];

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let result = match names.first().map(String::as_str) {
        // The bench starts itself as the server that it compares with.
        Some(bare::COMMAND) => bare::serve(names.get(1).map(String::as_str)),
        _ => measure(&names),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(names: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(format!("there is no measurement `{unknown}`; there are {}", NAMES.join(", ")).into());
    }
    let wanted = |name| names.is_empty() || names.iter().any(|one| one == name);
    program::check()?;
    // One thread drives all connections: the cores are for those who are measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if wanted("start") {
            start::measure().await?;
        }
        if wanted("tickets") {
            tickets::measure().await?;
        }
        if wanted("orders") {
            orders::measure().await?;
        }
        if wanted("memory") || wanted("expiry") {
            full::measure(wanted("memory"), wanted("expiry")).await?;
        }
        Ok::<_, Failure>(())
    })?;
    // Here the bench runs what is measured, or what it is compared with, and uses the cores as a service does.
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let cluster = cluster::Wanted {
            memory: wanted("cluster-memory"),
            purchase: wanted("cluster-purchase"),
            orders: wanted("cluster-orders"),
        };
        if cluster.memory || cluster.purchase || cluster.orders {
            cluster::measure(cluster).await?;
        }
        if wanted("relay") {
            // As a task, as it is one in a service: this thread is none of those that are for them.
            JoinSet::from_iter([relay::measure()]).join_all().await.into_iter().collect::<Result<(), _>>()?;
        }
        Ok(())
    })
}
