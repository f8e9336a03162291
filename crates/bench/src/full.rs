//! A marketplace with many tickets and holds: its memory, and the lag of its deadlines.

use std::path::Path;
use std::time::Duration;

use loadgen::process::{peak, resident};
use loadgen::{Stopwatch, pause};

use crate::crowd::{Crowd, Hold, json, time};
use crate::figures::{self, Goal, percentile};
use crate::load::each;
use crate::program::{Failure, Program, folder, until_idle};
use crate::start;
use crate::wire::{Reply, get};

const BUYERS: usize = 100;
const TICKETS: usize = 100_000;
const HOLDS: usize = 10_000;
const IDLE_MEMORY: Goal = Goal::Below(40.0);
const FULL_MEMORY: Goal = Goal::Below(120.0);
/// Requests in flight while the marketplace is filled.
const CONNECTIONS: usize = 64;

/// Holds that expire while they are watched.
const SHORT_HOLDS: usize = 500;
const SHORT_HOLD: &str = "3s";
/// Longer than a short hold.
const EXPIRY_TIMEOUT: Duration = Duration::from_secs(5);
const LAG: Goal = Goal::Below(50.0);

/// Measures memory, expiry, or both, on one filled marketplace: filling it takes the most time of all.
pub(crate) async fn measure(memory: bool, expiry: bool) -> Result<(), Failure> {
    let folder = folder()?;
    let data = folder.path().join("data");
    // These holds outlive the bench.
    let program = Program::start(&data, &["--hold", "1d"])?;
    if memory {
        until_idle(program.id()).await?;
        figures::title(
            "memory: resident memory of the one process with every service and the Stripe simulator",
        );
        figures::goal(resident(program.id())?, " MiB", IDLE_MEMORY, "idle after the start");
    }
    let watch = Stopwatch::start();
    let crowd = Crowd::sign_up(program.address, BUYERS).await?;
    if memory {
        until_idle(program.id()).await?;
        let words = format!("idle after {BUYERS} sign-ups");
        figures::goal(resident(program.id())?, " MiB", IDLE_MEMORY, &words);
    }
    let tickets = crowd.list(TICKETS).await?.replies;
    // Orders must have replicas of the last tickets.
    until_idle(program.id()).await?;
    crowd.order(&tickets[..HOLDS], CONNECTIONS).await?;
    until_idle(program.id()).await?;
    if memory {
        let words = format!("with {TICKETS} tickets listed and {HOLDS} of them held, after all that work");
        figures::goal(resident(program.id())?, " MiB", FULL_MEMORY, &words);
        figures::figure(peak(program.id())?, " MiB", "at most meanwhile");
        figures::note(&format!("all of it through HTTP, in {:.0} s", watch.elapsed().as_secs_f64()));
    }
    program.stop()?;
    if memory {
        measure_restart(&data).await?;
    }
    if expiry {
        measure_expiry(&data, crowd, &tickets[HOLDS..]).await?;
    }
    Ok(())
}

async fn measure_restart(data: &Path) -> Result<(), Failure> {
    let took = start::program(data).await?;
    let program = Program::start(data, &[])?;
    until_idle(program.id()).await?;
    figures::figure(
        resident(program.id())?,
        " MiB",
        &format!("started again on that data (it takes {took:.0} ms)"),
    );
    program.stop()
}

/// The long holds keep their deadlines although new ones are short.
async fn measure_expiry(data: &Path, crowd: Crowd, tickets: &[String]) -> Result<(), Failure> {
    let program = Program::start(data, &["--hold", SHORT_HOLD])?;
    let crowd = crowd.at(program.address);
    until_idle(program.id()).await?;
    let (spread, rest) = tickets.split_at(SHORT_HOLDS);
    figures::title(&format!(
        "expiry: from the deadline to the ticket `available` by the data's own times, with {HOLDS} holds pending"
    ));
    // With a pause after every two, so that deadlines do not pass all at once.
    let mut holds = Vec::new();
    for some in spread.chunks(2) {
        holds.extend(crowd.hold(some, 1).await?);
        pause(Duration::from_millis(10)).await;
    }
    let spread = lags(&program, holds).await?;
    let words = format!("p99 of {SHORT_HOLDS} holds, some 100 a second");
    figures::goal(percentile(&spread, 99.0), " ms", LAG, &words);
    explain(&spread);
    let holds = crowd.hold(&rest[..SHORT_HOLDS], CONNECTIONS).await?;
    let at_once = lags(&program, holds).await?;
    let words = format!("p99 of {SHORT_HOLDS} holds placed all at once");
    figures::figure(percentile(&at_once, 99.0), " ms", &words);
    explain(&at_once);
    program.stop()
}

fn explain(lags: &[f64]) {
    let [half, late, last] = [50.0, 95.0, 100.0].map(|percent| percentile(lags, percent));
    figures::note(&format!("{half:.0} ms median, {late:.0} ms p95, {last:.0} ms at most"));
}

/// Waits until all holds have expired. Returns the lag of each ticket's release in milliseconds.
async fn lags(program: &Program, holds: Vec<Hold>) -> Result<Vec<f64>, Failure> {
    pause(EXPIRY_TIMEOUT).await;
    until_idle(program.id()).await?;
    let mut lags = Vec::new();
    for hold in holds {
        let request = vec![get(&format!("/api/tickets/{}", hold.ticket))];
        let released = each(program.address, 1, request, 200, released).await?.replies[0];
        #[expect(clippy::cast_precision_loss, reason = "a lag is short")]
        lags.push((released - hold.until) as f64);
    }
    Ok(lags)
}

/// The time at which the ticket was available again.
fn released(reply: &Reply<'_>) -> Option<i64> {
    let ticket = json(reply)?;
    (ticket["status"] == "available").then(|| time(&ticket["updatedAt"]))?
}
