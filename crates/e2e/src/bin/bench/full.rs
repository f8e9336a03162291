//! A marketplace with much on it: what it takes, and whether it stays punctual.

use std::path::Path;

use crate::crowd::Crowd;
use crate::memory::{at_rest, peak, resident};
use crate::program::{Failure, Program, folder};
use crate::report::{self, Goal};
use crate::watch::Watch;
use crate::{expiry, start};

const BUYERS: usize = 100;
const TICKETS: usize = 100_000;
const HOLDS: usize = 10_000;
const IDLE_GOAL: Goal = Goal::Below(40.0);
const FULL_GOAL: Goal = Goal::Below(120.0);
/// So many requests are on their way while the marketplace is filled.
const CONNECTIONS: usize = 64;

/// Measures memory, expiry, or both, on one filled marketplace: filling it takes the most time of all.
pub(crate) async fn measure(memory: bool, expiry: bool) -> Result<(), Failure> {
    let folder = folder()?;
    let data = folder.path().join("data");
    // Those holds outlive the bench.
    let program = Program::start(&data, &["--hold", "1d"])?;
    if memory {
        at_rest(program.id()).await?;
        report::title(
            "memory: resident memory of the one process with every service and the Stripe simulator",
        );
        report::goal(resident(program.id())?, " MiB", IDLE_GOAL, "idle after the start");
    }
    let watch = Watch::start();
    let crowd = Crowd::sign_up(program.address, BUYERS).await?;
    if memory {
        at_rest(program.id()).await?;
        report::goal(resident(program.id())?, " MiB", IDLE_GOAL, &format!("idle after {BUYERS} sign-ups"));
    }
    let tickets = crowd.list(TICKETS).await?.replies;
    // The news of the last ones is still on its way to those who take orders.
    at_rest(program.id()).await?;
    crowd.order(&tickets[..HOLDS], CONNECTIONS).await?;
    at_rest(program.id()).await?;
    if memory {
        let words = format!("with {TICKETS} tickets listed and {HOLDS} of them held, after all that work");
        report::goal(resident(program.id())?, " MiB", FULL_GOAL, &words);
        report::figure(peak(program.id())?, " MiB", "at most meanwhile");
        report::note(&format!("all of it through HTTP, in {:.0} s", watch.elapsed().as_secs_f64()));
    }
    program.stop()?;
    if memory {
        again(&data).await?;
    }
    if expiry {
        expiry::measure(&data, crowd, &tickets[HOLDS..], HOLDS).await?;
    }
    Ok(())
}

/// The same folder, after a restart.
async fn again(data: &Path) -> Result<(), Failure> {
    let took = start::program(data).await?;
    let program = Program::start(data, &[])?;
    at_rest(program.id()).await?;
    report::figure(
        resident(program.id())?,
        " MiB",
        &format!("started again on that data (it takes {took:.0} ms)"),
    );
    program.stop()
}
