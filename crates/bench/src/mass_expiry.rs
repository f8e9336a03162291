//! Holds that all expire at once: the time until their tickets are available again.

use std::time::Duration;

use common::poll_until;
use loadgen::process::processor_time;
use loadgen::{Stopwatch, pause};

use crate::crowd::{Crowd, json};
use crate::figures::{self, Goal};
use crate::load::each;
use crate::program::{Failure, Program, folder, until_idle};
use crate::wire::get;

const BUYERS: usize = 100;
const HOLDS: usize = 100_000;
/// Longer than placing all of them takes: none may expire before.
const HOLD_PERIOD: Duration = Duration::from_mins(3);
const CONNECTIONS: usize = 64;
const RELEASE: Goal = Goal::Below(10.0);
const RELEASE_TIMEOUT: Duration = Duration::from_mins(5);

/// Places the holds, stops the program until all deadlines have passed, and starts it again.
pub(crate) async fn measure() -> Result<(), Failure> {
    let folder = folder()?;
    let data = folder.path().join("data");
    let hold = format!("{}s", HOLD_PERIOD.as_secs());
    let program = Program::start(&data, &["--hold", &hold])?;
    let crowd = Crowd::sign_up(program.address, BUYERS).await?;
    let tickets = crowd.list(HOLDS).await?.replies;
    until_idle(program.id()).await?;
    let placing = Stopwatch::start();
    crowd.order(&tickets, CONNECTIONS).await?;
    until_idle(program.id()).await?;
    if placing.elapsed() > HOLD_PERIOD {
        return Err("this machine is too slow: the first holds expired before the last were placed".into());
    }
    program.stop()?;
    pause(HOLD_PERIOD).await;

    let program = Program::start(&data, &["--hold", &hold])?;
    let watch = Stopwatch::start();
    let before = processor_time(program.id())?;
    let all_released = async || {
        let request = vec![get("/api/tickets?status=reserved&limit=1")];
        let reserved = each(program.address, 1, request, 200, |reply| {
            json(reply).and_then(|page| page["items"].as_array().map(Vec::len))
        });
        let reserved = reserved.await?.replies[0];
        Ok::<_, Failure>((reserved == 0).then_some(watch.elapsed()))
    };
    let released = poll_until(RELEASE_TIMEOUT, all_released).await?.ok_or("some holds did not expire")?;
    until_idle(program.id()).await?;
    let used = processor_time(program.id())? - before;
    figures::title(&format!(
        "mass-expiry: {HOLDS} holds whose deadlines passed while the program was stopped"
    ));
    figures::goal(released.as_secs_f64(), " s", RELEASE, "from the start until all tickets are available");
    figures::figure(used / 1000.0, " s", "of processor time, with everything that follows");
    program.stop()
}
