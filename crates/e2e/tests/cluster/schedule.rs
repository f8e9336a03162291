//! What is done to the processes, in an order that a seed chooses.

use std::thread;
use std::time::Duration;

use e2e::Cluster;
use servers::Server;

use crate::shopping::Dice;
use crate::wire::Wire;

const SERVICES: [&str; 5] = ["auth", "tickets", "orders", "expiration", "payments"];

/// The time between two faults.
const BETWEEN: Duration = Duration::from_millis(1_500);

/// Something that goes wrong.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Killed without a warning, and started again a moment later.
    Kill(&'static str),
    /// Both processes of a service at once.
    KillBoth(&'static str),
    /// It hangs for a while.
    Pause(&'static str),
    /// The broker lives and cannot be reached.
    CutOff,
}

/// What the faults happen to.
pub(crate) struct Victims<'a> {
    pub(crate) cluster: &'a Cluster,
    /// It stands behind the wire, so the cluster does not know it.
    pub(crate) nats: Server,
    pub(crate) wire: Wire,
}

/// For how long a process hangs: three seconds, or as long as `FAULT_PAUSE` says, such as `10s`.
fn how_long() -> Duration {
    let told = std::env::var("FAULT_PAUSE").ok();
    let told = told.map(|text| runtime::config::duration(&text).expect("FAULT_PAUSE is a duration"));
    told.unwrap_or(Duration::from_secs(3))
}

/// Does everything once, one after another. It blocks.
///
/// # Panics
/// A process does not start again.
pub(crate) fn run(victims: &mut Victims<'_>, seed: u64) {
    let dice = Dice::new(seed);
    for fault in shuffled(&dice) {
        eprintln!("fault: {fault:?}");
        match fault {
            Fault::Kill(name) => on(victims, &one_of(name, &dice), |server| {
                server.kill();
                rest(Duration::from_millis(dice.roll(1_500) as u64));
                server.restart().expect("it starts again");
            }),
            Fault::KillBoth(name) => {
                let both = [1, 2].map(|replica| format!("{name}-{replica}"));
                for name in &both {
                    on(victims, name, Server::kill);
                }
                for name in &both {
                    on(victims, name, |server| server.respawn().expect("it starts again"));
                }
                for name in &both {
                    on(victims, name, |server| server.wait_until_ready().expect("it gets ready"));
                }
            }
            Fault::Pause(name) => on(victims, &one_of(name, &dice), |server| {
                server.pause().expect("it can be paused");
                rest(how_long());
                server.resume().expect("it goes on");
            }),
            Fault::CutOff => {
                victims.wire.cut();
                rest(how_long());
                victims.wire.mend();
            }
        }
        rest(BETWEEN);
    }
}

fn shuffled(dice: &Dice) -> Vec<Fault> {
    let mut faults = vec![Fault::CutOff, Fault::KillBoth(SERVICES[dice.roll(SERVICES.len())])];
    for name in SERVICES.into_iter().chain(["nats", "mongodb"]) {
        faults.extend([Fault::Kill(name), Fault::Pause(name)]);
    }
    for last in (1..faults.len()).rev() {
        faults.swap(last, dice.roll(last + 1));
    }
    faults
}

/// A process of a service; a server is alone.
fn one_of(name: &str, dice: &Dice) -> String {
    if SERVICES.contains(&name) { format!("{name}-{}", dice.roll(2) + 1) } else { name.to_owned() }
}

fn on(victims: &mut Victims<'_>, name: &str, act: impl FnOnce(&mut Server)) {
    if name == "nats" {
        act(&mut victims.nats);
    } else {
        act(victims.cluster.processes().process(name).expect("it is known"));
    }
}

#[expect(clippy::disallowed_methods, reason = "processes live in real time")]
fn rest(duration: Duration) {
    thread::sleep(duration);
}
