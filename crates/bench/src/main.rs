//! `cargo xtask bench`: measures the real programs beside what bounds them. Connects to nothing but 127.0.0.1.

mod bare;
mod cluster;
mod commits;
mod crowd;
mod figures;
mod full;
mod load;
mod mass_expiry;
mod orders;
mod program;
mod quick;
mod relay;
mod scaling;
mod session;
mod start;
mod storm;
mod tickets;
mod wire;

use std::process::ExitCode;

use tokio::task::JoinSet;

use crate::program::Failure;

/// The measurements, in their order.
const NAMES: [&str; 12] = [
    "start",
    "tickets",
    "orders",
    "memory",
    "expiry",
    "mass-expiry",
    "session",
    "storm",
    "cluster-memory",
    "cluster-purchase",
    "cluster-orders",
    "relay",
];

fn main() -> ExitCode {
    let names: Vec<String> = std::env::args().skip(1).collect();
    let result = match names.first().map(String::as_str) {
        // The bench starts itself as the server to compare with.
        Some(bare::COMMAND) => bare::serve(names.get(1).map(String::as_str)),
        Some(scaling::COMMAND) => scaling::simulate(names.get(1..).unwrap_or_default()),
        _ => match quick::Options::parse(&names) {
            Ok(Some(options)) => measure_quickly(&options),
            Ok(None) => measure(&names),
            Err(error) => Err(error),
        },
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure_quickly(options: &quick::Options) -> Result<(), Failure> {
    program::check()?;
    // One thread drives all connections: the cores are for what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(quick::measure(options))
}

fn measure(names: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(format!("there is no measurement `{unknown}`; choose from {}", NAMES.join(", ")).into());
    }
    let selected = |name| names.is_empty() || names.iter().any(|one| one == name);
    program::check()?;
    // One thread drives all connections: the cores are for what is measured.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if selected("start") {
            start::measure().await?;
        }
        if selected("tickets") {
            tickets::measure().await?;
        }
        if selected("orders") {
            orders::measure().await?;
        }
        if selected("memory") || selected("expiry") {
            full::measure(selected("memory"), selected("expiry")).await?;
        }
        if selected("mass-expiry") {
            mass_expiry::measure().await?;
        }
        if selected("session") {
            session::measure().await?;
        }
        if selected("storm") {
            storm::measure().await?;
        }
        Ok::<_, Failure>(())
    })?;
    // From here on the bench itself runs what is measured or its bound, and uses the cores as a service does.
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let cluster = cluster::Selection {
            memory: selected("cluster-memory"),
            purchase: selected("cluster-purchase"),
            orders: selected("cluster-orders"),
        };
        if cluster.memory || cluster.purchase || cluster.orders {
            cluster::measure(cluster).await?;
        }
        if selected("relay") {
            // As a task, like in a service: this thread is not one of the runtime's workers.
            JoinSet::from_iter([relay::measure()]).join_all().await.into_iter().collect::<Result<(), _>>()?;
        }
        Ok(())
    })
}
