//! The faults of the processes, in an order that a seed chooses.

use std::thread;
use std::time::Duration;

use e2e::{Cluster, Rng};
use servers::Server;

use crate::proxy::TcpProxy;
use crate::startup::SERVICES;
use crate::streams;

/// Between two faults.
const FAULT_INTERVAL: Duration = Duration::from_millis(1_500);

/// A fault.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// SIGKILL, and a restart a moment later.
    Kill(&'static str),
    /// Both processes of a service at once.
    KillBoth(&'static str),
    /// SIGSTOP for a while.
    Pause(&'static str),
    /// The broker runs and is unreachable.
    CutOff,
    /// The stream of a service refuses events for a while, because it is full.
    FillStream(&'static str),
}

/// The targets of the faults.
pub(crate) struct Targets<'a> {
    pub(crate) cluster: &'a Cluster,
    /// Behind the proxy, so not one of the cluster's own servers.
    pub(crate) nats: Server,
    pub(crate) proxy: TcpProxy,
}

/// The duration of a pause: three seconds, or `FAULT_PAUSE`, such as `10s`.
fn pause_duration() -> Duration {
    let set = std::env::var("FAULT_PAUSE").ok();
    let set = set.map(|text| runtime::config::duration(&text).expect("FAULT_PAUSE is a duration"));
    set.unwrap_or(Duration::from_secs(3))
}

/// Causes every fault once, one after another. Blocks the thread.
///
/// # Panics
/// A process does not start again.
pub(crate) fn run(targets: &mut Targets<'_>, seed: u64) {
    let rng = Rng::new(seed);
    for fault in shuffled(&rng) {
        eprintln!("fault: {fault:?}");
        match fault {
            Fault::Kill(name) => on(targets, &one_of(name, &rng), |server| {
                server.kill();
                sleep(Duration::from_millis(rng.below(1_500).into()));
                server.restart().expect("the process starts again");
            }),
            Fault::KillBoth(name) => {
                let both = [1, 2].map(|replica| format!("{name}-{replica}"));
                for name in &both {
                    on(targets, name, Server::kill);
                }
                for name in &both {
                    on(targets, name, |server| server.respawn().expect("the process starts again"));
                }
                for name in &both {
                    on(targets, name, |server| server.wait_until_ready().expect("the process becomes ready"));
                }
            }
            Fault::Pause(name) => on(targets, &one_of(name, &rng), |server| {
                server.pause().expect("the process can be paused");
                sleep(pause_duration());
                server.resume().expect("the process continues");
            }),
            Fault::CutOff => {
                targets.proxy.cut_off();
                sleep(pause_duration());
                targets.proxy.restore();
            }
            Fault::FillStream(service) => {
                let limit = streams::fill(targets.nats.url(), service);
                sleep(pause_duration());
                streams::set_limit(targets.nats.url(), service, limit);
            }
        }
        sleep(FAULT_INTERVAL);
    }
}

fn shuffled(rng: &Rng) -> Vec<Fault> {
    let mut faults = vec![Fault::CutOff, Fault::KillBoth(rng.pick(&SERVICES))];
    faults.extend(["tickets", "orders", "payments"].map(Fault::FillStream));
    for name in SERVICES.into_iter().chain(["nats", "mongodb"]) {
        faults.extend([Fault::Kill(name), Fault::Pause(name)]);
    }
    rng.shuffle(&mut faults);
    faults
}

/// One of a service's processes, or the server of this name.
fn one_of(name: &str, rng: &Rng) -> String {
    if SERVICES.contains(&name) { format!("{name}-{}", rng.below(2) + 1) } else { name.to_owned() }
}

fn on(targets: &mut Targets<'_>, name: &str, act: impl FnOnce(&mut Server)) {
    if name == "nats" {
        act(&mut targets.nats);
    } else {
        act(targets.cluster.processes().process(name).expect("a known process"));
    }
}

#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
fn sleep(duration: Duration) {
    thread::sleep(duration);
}
